// Log_verifier checks what Callvault hands to strangers, with Go's transparency log packages and none of
// Callvault's own code.
//
//	log_verifier export VERIFIER-KEY FOLDER [KEPT-CHECKPOINT...]
//	log_verifier proof  VERIFIER-KEY FILE
//
// It prints one line, and exits with 0 only if everything holds. What it checks is specified by C2SP:
// signed-note, tlog-checkpoint, tlog-tiles and tlog-proof; the hashes are those of RFC 6962, section 2.1.
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	line, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "wrong:", err)
		os.Exit(1)
	}
	fmt.Println(line)
}

func run(args []string) (string, error) {
	switch {
	case len(args) >= 3 && args[0] == "export":
		return checkExport(args[1], args[2], args[3:])
	case len(args) == 3 && args[0] == "proof":
		return checkProof(args[1], args[2])
	}
	return "", errors.New("usage: log_verifier export KEY FOLDER [KEPT...] | proof KEY FILE")
}
