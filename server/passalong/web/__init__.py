"""The doors: pages for viewers, JSON for integrators and the console. One module a door."""
