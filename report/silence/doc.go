// Package silence knows what people agreed to be quiet about: findings in, which of them
// are agreed out, and by what. There are three agreements: comments beside a credential,
// an ignore file, and a baseline of what was there when somebody began to look.
//
// An agreement is a repository's word: who scans a repository that is not his own need not
// take it. Files are data: errors name a line, and never show it, for a link in a hostile
// repository may lead to a file that holds secrets.
package silence
