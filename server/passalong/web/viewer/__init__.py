"""What a viewer sees: the share page, its gate, its call to action, its file, its refusals."""
