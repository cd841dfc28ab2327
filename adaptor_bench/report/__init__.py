"""Tables and leaderboards. Renderers know nothing of the domain; boards know nothing of torch."""
