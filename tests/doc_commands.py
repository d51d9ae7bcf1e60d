"""Which test, or step of CI, runs a command of the pages that is too much for their own test.

All other commands are run by test_doc_commands.py, in the order of their page. An entry is the name of a
test, or of a file of CI. A block of several lines is named by its page and heading.
"""

from collections.abc import Iterator

from doc_pages import Command

CI = ".ci/run"
REPRO = "test_the_locks_of_both_runners_are_the_same_bytes"
AIRFLOW = "test_a_changed_value_reruns_what_depends_on_it_alone"
TYPED = "test_what_the_pages_say_to_type_to_a_platform_works"
STRANGER = "test_the_page_leads_from_nothing_to_green_runs_and_leaves_no_process"
INSTALLED = "test_a_dag_file_of_three_lines_is_green_in_a_plain_airflow"
PLATFORM = "test_every_service_is_healthy"
REGISTRY = "test_a_model_goes_live_and_back"
GTO = "test_gto_and_dvc_read_the_same"
FOLLOWS = "test_the_command_waits_for_an_artifact_and_ends_when_it_is_told_to"
SCORES = "test_both_runners_fetch_and_score_alike"
LIVE = "test_a_run_of_a_dag_is_given_what_is_live"
HISTORY = "test_runs_are_listed_the_newest_first_with_what_they_took_and_saved"
COST = "test_the_cost_of_a_run_by_stage_with_what_was_saved_and_what_is_beyond_its_budget"
POLICIES = "test_policies_stand_side_by_side"
OUTLIVES = "test_a_version_outlives_its_experiment"

ELSEWHERE: dict[str, str] = {
    # Of make, what the recipe does: that there is such a target is tested here.
    "make setup": CI,
    "make check": CI,
    "make test": CI,
    "make audit": CI,
    "make run": REPRO,
    "make repro": REPRO,
    "make up": "test_up_says_where_it_is_and_how_to_log_in",
    "leeway up": STRANGER,
    "leeway run": STRANGER,
    "make serve": "test_the_champion_is_served_and_the_line_that_is_printed_works",
    "make down": "test_down_leaves_no_process_and_what_was_made",
    'make lock UPGRADE="NAME ..."': "test_the_files_are_what_the_export_gives",
    "make lock": "test_the_files_are_what_the_export_gives",
    "make images": "test_an_image_has_no_root_no_secret_and_no_cache",
    "make images-gpu": "test_the_images_for_gpus_build_from_the_same_files",
    "make .env": "test_each_secret_is_random_and_for_this_user_alone",
    "make compose-up": PLATFORM,
    "make compose-down": "test_down_and_up_loses_nothing",
    "make test-containers": PLATFORM,
    # In an environment of its own.
    "docs/your_repository.md#Install it": STRANGER,
    "docs/your_repository.md#From nothing to a green run": STRANGER,
    "dvc init": STRANGER,
    "git commit": STRANGER,
    "dvc stage add": STRANGER,
    "python -c 'from leeway.airflow import pipeline_dag; help(pipeline_dag)'": INSTALLED,
    "airflow dags test notes": INSTALLED,
    # Experiments, of which a page has none.
    "docs/registry.md#From a run to a champion": REGISTRY,
    "docs/registry.md#What can be asked": REGISTRY,
    "docs/history.md#What was run": HISTORY,
    "docs/history.md#What it took": COST,
    "python -m include.following --live FOLDER": FOLLOWS,
    "dvc artifacts get . flight_delays --stage champion": GTO,
    "dvc exp remove": OUTLIVES,
    "dvc gc --all-tags": OUTLIVES,
    # A verdict, which a page has none of.
    "python -m include.monitoring.gates reports/promotion.json": "test_the_command_ends_with_1_at_a_refusal",
    "leeway registry rollback": REGISTRY,
    "leeway registry promote": REGISTRY,
    "leeway registry history": REGISTRY,
    # The whole year, Airflow, a server, a remote, an engine.
    "dvc repro": REPRO,
    "dvc repro --force watch_flights": "test_the_log_is_measured_and_its_hash_can_be_asked_for",
    "python -m include.monitoring.journal tmp/log tmp/predicted": "test_each_row_that_was_scored_is_a_row",
    "dvc exp run": "test_it_is_what_dvc_exp_run_makes",
    "dvc add": "test_added_data_that_was_edited_since_refuses_the_run",
    "dvc pull": "test_data_that_only_the_remote_has_is_fetched_when_it_is_needed",
    "dvc push": "test_data_that_only_the_remote_has_is_fetched_when_it_is_needed",
    # What was watched, which a page has none of.
    "leeway simulate": POLICIES,
    "leeway simulate --set retraining.of=4": POLICIES,
    "leeway simulate reports/watch.json --cost 0.4": "test_a_file_can_be_replayed_instead",
    "docs/alerts.md#Whom it tells": "test_a_webhook_and_mail_are_made_of_their_connections",
    "README.md#Serving": "test_the_lines_of_the_readme_give_an_answer_also_when_repeated",
    'bentoml import "$PWD/bento/flight_delays.bento"': "test_a_version_that_is_there_is_kept_if_it_is_whole",
    "bentoml serve flight_delays:latest": "test_the_service_answers_as_the_pipeline_does",
    "leeway run flight_delays --set rank_routes.min_flights=1500": AIRFLOW,
    """leeway run flight_delays --set train_xgboost.max_depth=4 --set 'splits={"test_months": 1}'""": AIRFLOW,
    "dvc exp run --set-param champion.version=v0.0.3 score_flights": SCORES,
    "leeway run flight_delays_score --set champion.version=v0.0.3": LIVE,
    "leeway registry show --fetch": REGISTRY,
    "dvc push --all-commits": SCORES,
    "docker compose up -d --scale worker=3": TYPED,
    "docker compose exec worker dvc --cd /leeway/repository exp show": TYPED,
    "docker compose exec worker python -m include.command registry show --repo /leeway/repository": TYPED,
    "docker compose logs follower": TYPED,
    "docker compose restart model-server": TYPED,
    "docker compose ps": TYPED,
    "docker compose logs SERVICE": TYPED,
    "docker ps --filter label=leeway.stage": TYPED,
    "python -m pytest -n 0 -q tests/flights/test_build_features.py": CI,
    "python -m pytest -n 0 -q tests/test_dvc_yaml.py": CI,
    # the second project
    "docker compose restart assistant": TYPED,
    "python -m include.assistant.watching.journal tmp/log tmp/asked": "test_the_command_says_what_it_found",
    "dvc repro include/assistant/dvc.yaml:build_index": "test_a_new_passage_is_found_without_a_restart",
    "dvc repro --force --single-item include/assistant/dvc.yaml:materialize_index": "test_only_what_changed_is_written",
    "python -m docs.assistant_figures": "test_each_figure_has_its_row_and_what_was_there_before_goes",
    "docs/investigator.md#As an MCP server": "test_over_http_only_who_has_the_token_is_answered",
    "docs/assistant.md#Delete it": "test_nothing_else_names_it",
    # end of the second project
}
# What is begun here in a shorter way: the whole takes minutes, an engine, or the whole year.
SHORTER: dict[str, str] = {
    "python -m benchmarks.growth --monthly --years 1 3 10": "python -m benchmarks.growth --help",
    "python -m benchmarks.drift": "python -m benchmarks.drift --rows 2000 --turns 1",
    "python -m benchmarks.pipeline": "python -m benchmarks.pipeline --help",
    "python -m benchmarks.airflow_run": "python -m benchmarks.airflow_run --help",
    "python -m benchmarks.feature_worth": "python -m benchmarks.feature_worth --help",
    "python -m benchmarks.container_step": "python -m benchmarks.container_step --help",
    "python -m benchmarks.swaps": "python -m benchmarks.swaps --help",
    "python -m benchmarks.registry": "python -m benchmarks.registry --help",
    "python -m benchmarks.history": "python -m benchmarks.history --help",
    "python -m benchmarks.dag_import": "python -m benchmarks.dag_import --help",
    "python -m benchmarks.offline_store": "python -c 'import benchmarks.offline_store'",
    "python -m benchmarks.watched_faults": "python -m benchmarks.watched_faults --help",
    "python -m benchmarks.watching": "python -m benchmarks.watching --help",
    "python -m benchmarks.serving": "python -c 'import benchmarks.serving'",
    "python -m benchmarks.reports_page": "python -m benchmarks.reports_page --help",
    "python -m benchmarks.lookup": "python -c 'import benchmarks.lookup'",
}
# What the words in capitals stand for.
VALUES = {"NAME": "by-hand"}


def known(command: Command) -> Iterator[str]:
    """The entries for what a page says to type."""
    if command.block in ELSEWHERE:
        yield command.block
    else:
        yield from (line for line in command.lines if line in ELSEWHERE)


def elsewhere(command: Command) -> bool:
    """Whether it is run by another test, or by CI.

    Raises:
        AssertionError: a part of it is.
    """
    found = list(known(command))
    whole = found == [command.block] or len(found) == len(command.lines)
    assert whole or not found, f"a part of it is run elsewhere: {command}"
    return whole
