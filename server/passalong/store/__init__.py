"""Every line of SQL, and nothing else has any. A public method is one transaction."""
