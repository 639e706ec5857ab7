// Package unpack gives what a blob contains: the members of archives, and what
// compressed streams hold, nested as they come.
//
// [Looks] tells by the first bytes whether a blob may be an archive; most are not.
// [Walk] calls back with each member. Read are zip with its kin (jar, docx, whl,
// ipa), tar, gzip, bzip2, xz and Zstandard, one inside the other, and a tar inside a
// compressor without ever being whole in memory.
//
// What cannot be read is returned as [Skipped], with the member's path and one of
// four reasons; nothing is left out in silence. A damaged member is given as far as
// it could be read, and named.
//
// # Paths
//
// A member's path is its name in the archive, as it is written there: nothing is ever
// created from it. Of a member of an archive inside an archive, it is the path of the
// inner archive, "!/" and the name: "lib/app.jar!/conf/prod.properties". A stream
// that is only compressed has no name for what it holds: there it is the format in
// brackets, "dump.sql.gz!/[gzip]". A tar inside a compressor is one archive:
// "backup.tar.gz!/etc/passwd"; what stands behind its end is "[rest]". Names are cut at [MaxName] bytes. They need not be distinct,
// but the same blob gives the same members under the same paths each time.
//
// # Hostile archives
//
// Every byte that is decompressed, and every byte that is read for it, is counted
// against [Limits], so that neither nesting, nor members that overlap, nor streams that hold
// nothing, cost more than a fixed multiple of what the blob has. Sizes that an archive
// declares are never believed: memory is taken as content comes. Held are the member at hand
// and those that it is nested in, together no more than MemberSize, and a
// decompressor's window of at most 128 MiB for each.
//
// # Limitations
//
// Archives are known by their first bytes: one behind other content (an installer
// with its files at the end) is not found. Of a zip file the directory is believed:
// bytes between its members are not looked at. RAR, 7z, lz4 and compress are named as
// not read; others, such as cab, cpio and ar, are not known.
//
// The one library kept for 7z, github.com/bodgit/sevenzip v1.6.5, takes memory for as
// many files, and windows as large, as the archive declares, before it reads any: no
// limit can be set from without.
package unpack
