package main

import (
	"fmt"

	"tongban/internal/app"
)

func main() { fmt.Println(app.New()) }
