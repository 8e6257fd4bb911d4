from . import tribe_demo
