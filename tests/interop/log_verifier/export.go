package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8 // C2SP tlog-tiles, "Merkle Tree"
	tileWidth  = 1 << tileHeight
)

// checkExport verifies a whole export: signature, every entry, every tile, root, and that the log begins with
// what each kept checkpoint signed.
func checkExport(key, folder string, kept []string) (string, error) {
	tree, err := readCheckpoint(key, filepath.Join(folder, "checkpoint"))
	if err != nil {
		return "", err
	}
	entries, err := readEntries(folder, tree.N)
	if err != nil {
		return "", err
	}
	hashes, err := hashEntries(entries)
	if err != nil {
		return "", err
	}
	root, err := tlog.TreeHash(tree.N, hashes)
	if err != nil {
		return "", err
	}
	if root != tree.Hash {
		return "", errors.New("the entries do not lead to the root that was signed")
	}
	if err := checkTiles(folder, tree.N, hashes); err != nil {
		return "", err
	}
	for _, path := range kept {
		if err := checkKept(key, path, folder, tree); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d entries, root %v", tree.N, tree.Hash), nil
}

// storedHashes holds the hashes of the tree in the order of tlog.StoredHashIndex.
type storedHashes []tlog.Hash

func (s storedHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(s)) {
			return nil, errors.New("a hash beyond the end of the tree was asked for")
		}
		found[i] = s[index]
	}
	return found, nil
}

func hashEntries(entries [][]byte) (storedHashes, error) {
	var all storedHashes
	for index, entry := range entries {
		added, err := tlog.StoredHashes(int64(index), entry, all)
		if err != nil {
			return nil, err
		}
		all = append(all, added...)
	}
	return all, nil
}

// checkTiles compares every tile of a tree of that size, full or partial, with the entries' own hashes.
func checkTiles(folder string, size int64, hashes tlog.HashReader) error {
	for level, count := 0, size; count > 0; level, count = level+1, count>>tileHeight {
		for first := int64(0); first < count; first += tileWidth {
			tile := tlog.Tile{H: tileHeight, L: level, N: first / tileWidth, W: width(count - first)}
			want, err := tlog.ReadTileData(tile, hashes)
			if err != nil {
				return err
			}
			have, err := readTile(folder, tile)
			if err != nil {
				return err
			}
			if !bytes.Equal(have, want) {
				return fmt.Errorf("%s is not what its entries hash to", tilePath(tile))
			}
		}
	}
	return nil
}

// tilePath leaves out the height, which C2SP fixed, from the path that Go's own log serves tiles under.
func tilePath(tile tlog.Tile) string {
	return "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
}

func readTile(folder string, tile tlog.Tile) ([]byte, error) {
	return os.ReadFile(filepath.Join(folder, tilePath(tile)))
}

// tileFolder lets Go's client read an export: it authenticates every tile against the root by itself.
type tileFolder string

func (f tileFolder) Height() int                     { return tileHeight }
func (f tileFolder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f tileFolder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	all := make([][]byte, len(tiles))
	for i, tile := range tiles {
		data, err := readTile(string(f), tile)
		if err != nil {
			return nil, err
		}
		all[i] = data
	}
	return all, nil
}

// checkKept proves, from the tiles alone, that the log begins with what an older checkpoint signed.
func checkKept(key, path, folder string, tree tlog.Tree) error {
	kept, err := readCheckpoint(key, path)
	if err != nil {
		return fmt.Errorf("the kept checkpoint: %w", err)
	}
	if kept.N > tree.N {
		return fmt.Errorf("the log ends at %d entries, and a kept checkpoint signed %d", tree.N, kept.N)
	}
	proof, err := tlog.ProveTree(tree.N, kept.N, tlog.TileHashReader(tree, tileFolder(folder)))
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, kept.N, kept.Hash); err != nil {
		return fmt.Errorf("the log does not begin with the kept checkpoint's %d entries: %w", kept.N, err)
	}
	return nil
}
