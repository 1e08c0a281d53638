"""Types that neither a schema nor the running module tells. Each name here has to exist in the module.

A class is repeated with the members that are typed by hand; the others come from the registry and the module.
"""
