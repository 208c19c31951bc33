"""The addresses of the website: pages, live events and the API."""
