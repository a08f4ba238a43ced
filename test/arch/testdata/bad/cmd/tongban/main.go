package main

import (
	_ "tongban/internal/care/desk"
	_ "tongban/internal/tools/vendor"
)
