"""A service takes along the code that it needs, and no other."""

from include.serving.code import code_of

SERVICE = "include.flights.serving.service"


def test_code_is_what_the_service_imports_and_no_stage():
    names = {path.name for path in code_of(SERVICE)}
    assert {
        "service.py",
        "predictor.py",
        "encoding.py",
        "errors.py",
        "__init__.py",
    } <= names
    assert not {"package_bento.py", "step.py", "feature_views.py", "repository.py"} & names


def test_code_of_a_model_takes_along_what_it_imports():
    alone = code_of(SERVICE)
    assert not {"network.py", "layers.py", "torch_model.py"} & {path.name for path in alone}
    both = code_of(SERVICE, "include.flights.serving.torch_model")
    assert {"network.py", "layers.py", "torch_model.py"} < {path.name for path in both}
    assert set(alone) < set(both)
