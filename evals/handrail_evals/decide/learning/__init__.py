"""Training the model behind a promise again, and letting the new version in when it has shown that it is better."""
