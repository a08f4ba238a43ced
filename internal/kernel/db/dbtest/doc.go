// Package dbtest gives tests a migrated, empty database of either engine, fast: each process migrates a template
// once per list of migration sets and copies it.
//
// SQLite always runs. PostgreSQL runs when TONGBAN_TEST_POSTGRES holds the address of a superuser of a throwaway
// cluster; when TONGBAN_TEST_ENGINES names postgres and there is no such cluster, the test fails, it does not skip.
package dbtest
