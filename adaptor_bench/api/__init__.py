"""What ``import adaptor_bench as ab`` offers: the command line's work as functions for notebooks.

One module a topic; :mod:`adaptor_bench` hands out their names and loads a module when it is asked.
"""
