// Package localaws is an STS and IAM server on loopback, for the offline demo
// and for tests: AWS's query protocol over accounts, users, roles and keys that
// exist only in its memory. Of Organizations it knows the accounts and
// their names, of Secrets Manager secrets and their versions; it also answers what is
// asked of CloudTrail's event history, and of an account's regions.
//
// It verifies Signature Version 4 for real, so a client that signs wrongly is
// refused here as it is by AWS, and it answers with AWS's own codes, HTTP
// statuses and words. It can also be told to behave as AWS does on a bad day:
// see [Server.Inject], [Server.SetLag], [Server.SetSkew] and [Server.SetQuirk].
//
// # Limits
//
// It judges permissions by three rules only: an administrator may do
// everything, another user only what needs no permission or an inline policy of its
// own allows, and what is denied explicitly, also by an inline policy, is denied. Of
// policies it reads the actions, and to sessions issued before when. It keeps every
// request in a log and every key, deleted or not, in memory. Presigned requests (a signature in the query string) are
// not read: they count as unsigned.
//
// # Sources
//
// Actions, parameters, shapes and namespaces follow the API models that AWS
// publishes for its SDKs (sts 2011-06-15, iam 2010-05-08, secretsmanager 2017-10-17). Error codes and words
// are those of AWS's "common errors" pages, of reports in public issue trackers,
// and of versitygw's IAM server, which was compared with AWS; what none of them
// shows is marked unverified where it stands.
package localaws
