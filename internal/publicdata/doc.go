// Package publicdata holds the tests of score.Learn and score.Backtest on data that others gathered: the CoIL Challenge 2000, 9,822 real
// customers of an insurer of whom one knows who bought a caravan policy. The data are not part of this repository: the tests read
// them where Debian's package r-cran-kernlab puts them, or at the path in LEADS_TICDATA, and are skipped without.
//
//	apt-get download r-cran-kernlab && dpkg-deb -x r-cran-kernlab_*.deb kernlab
//	LEADS_TICDATA=$PWD/kernlab/usr/lib/R/site-library/kernlab/data/ticdata.rda go test -v -run TestCaravan ./internal/publicdata
package publicdata
