"""What the service of any model needs: who may ask, what is asked, and the bento that holds it."""
