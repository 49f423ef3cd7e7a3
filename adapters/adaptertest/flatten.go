package adaptertest

import (
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"
)

// flatten renders a value as its leaves by their paths ("Attribution.UTM.Source"). It is a copy that shares no memory, and finds
// fields by reflection, so that one added later is compared too. A nil slice or map equals an empty one.
func flatten(value any) map[string]string {
	leaves := make(map[string]string)
	flattenInto(leaves, "", reflect.ValueOf(value))
	return leaves
}

func flattenInto(leaves map[string]string, path string, v reflect.Value) {
	switch leaf, ok := render(v); {
	case ok:
		leaves[path] = leaf
	case v.Kind() == reflect.Pointer:
		if !v.IsNil() {
			flattenInto(leaves, path, v.Elem())
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				flattenInto(leaves, strings.TrimPrefix(path+"."+field.Name, "."), v.Field(i))
			}
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			flattenInto(leaves, fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	case v.Kind() == reflect.Map:
		for _, k := range v.MapKeys() {
			flattenInto(leaves, fmt.Sprintf("%s[%q]", path, k.String()), v.MapIndex(k))
		}
	default:
		leaves[path] = fmt.Sprintf("%#v", v.Interface())
	}
}

// render prints the types that are values of their own. Times carry their location: a store returns them in UTC.
func render(v reflect.Value) (string, bool) {
	switch value := v.Interface().(type) {
	case time.Time:
		return value.Format(time.RFC3339Nano) + " " + value.Location().String(), true
	case netip.Addr:
		return value.String(), true
	}
	switch {
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		return fmt.Sprintf("%q", v.Bytes()), v.Len() > 0
	case v.Kind() == reflect.Array:
		return fmt.Sprintf("%x", v.Interface()), true
	}
	return "", false
}

// differences lists where two flattened values differ, apart from the top-level fields named.
func differences(got, want map[string]string, except []string) []string {
	paths := make(map[string]bool)
	for path := range maps.Keys(want) {
		paths[path] = true
	}
	for path := range maps.Keys(got) {
		paths[path] = true
	}
	var found []string
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		name := path[:len(path)-len(strings.TrimLeft(path, letters))]
		if g, w := got[path], want[path]; g != w && !slices.Contains(except, name) {
			found = append(found, fmt.Sprintf("%s is %s, want %s", path, shown(g), shown(w)))
		}
	}
	return found
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// shown cuts what is too long to be read in a failure.
func shown(s string) string {
	switch {
	case s == "":
		return "absent"
	case len(s) > 200:
		return fmt.Sprintf("%s… (%d bytes)", s[:200], len(s))
	}
	return s
}

// scribble overwrites everything that a value shares with others through its slices, maps and pointers.
func scribble(value any) { scribbleIn(reflect.ValueOf(value)) }

func scribbleIn(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			scribbleIn(v.Elem())
			v.Elem().SetZero()
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				scribbleIn(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			scribbleIn(v.Index(i))
			v.Index(i).SetZero()
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			scribbleIn(v.MapIndex(k))
			v.SetMapIndex(k, reflect.Value{})
		}
	}
}
