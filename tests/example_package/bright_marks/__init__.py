"""A method and a decoder from outside adaptor_bench."""
