// A bare start of Node on a module.
