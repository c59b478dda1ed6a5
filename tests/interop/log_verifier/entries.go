package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// readEntries reads every entry bundle (C2SP tlog-tiles, "Log entries") and what each entry says of its place.
func readEntries(folder string, size int64) ([][]byte, error) {
	var all [][]byte
	for first := int64(0); first < size; first += tileWidth {
		place := tlog.Tile{H: tileHeight, N: first / tileWidth, W: width(size - first)}
		path := "tile/entries/" + strings.TrimPrefix(place.Path(), "tile/8/0/")
		data, err := os.ReadFile(filepath.Join(folder, path))
		if err != nil {
			return nil, err
		}
		entries, err := splitBundle(data)
		if err != nil || len(entries) != place.W {
			return nil, fmt.Errorf("%s does not hold %d entries", path, place.W)
		}
		all = append(all, entries...)
	}
	last := ""
	for index, entry := range all {
		time, err := checkPlace(entry, int64(index))
		if err != nil {
			return nil, err
		}
		if time < last {
			return nil, fmt.Errorf("entry %d is earlier than the one before it", index)
		}
		last = time
	}
	return all, nil
}

func width(remaining int64) int {
	if remaining < tileWidth {
		return int(remaining)
	}
	return tileWidth
}

func splitBundle(data []byte) ([][]byte, error) {
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return nil, errors.New("cut short")
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries, data = append(entries, data[2:end]), data[end:]
	}
	return entries, nil
}

// checkPlace returns the entry's time, which sorts as text; an entry names its own index.
func checkPlace(entry []byte, index int64) (string, error) {
	var said struct {
		Index *int64 `json:"index"`
		Time  string `json:"time"`
	}
	if err := json.Unmarshal(entry, &said); err != nil {
		return "", fmt.Errorf("entry %d: %v", index, err)
	}
	if said.Index == nil || *said.Index != index {
		return "", fmt.Errorf("entry %d says that it is another", index)
	}
	return said.Time, nil
}
