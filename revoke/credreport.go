package revoke

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// reportAPI is what is asked of IAM about its credential report.
type reportAPI struct {
	ListUsers                call[iam.ListUsersInput, iam.Options, iam.ListUsersOutput]
	GenerateCredentialReport call[iam.GenerateCredentialReportInput, iam.Options, iam.GenerateCredentialReportOutput]
	GetCredentialReport      call[iam.GetCredentialReportInput, iam.Options, iam.GetCredentialReportOutput]
}

// How often, and how many times, is asked whether the report is made: for a minute.
const (
	reportPause = 2 * time.Second
	reportTries = 30
)

// credentialReport has AWS make the report, waits for it, and returns its rows, and
// when it was made.
func (s *session) credentialReport(ctx context.Context, sleep func(context.Context, time.Duration) error) ([]reportRow, time.Time, error) {
	for range reportTries {
		out, err := s.iam.GenerateCredentialReport(ctx, nil)
		if err != nil {
			return nil, time.Time{}, fmt.Errorf("having IAM make the credential report: %w", failed("iam:GenerateCredentialReport", err))
		}
		if out.State == types.ReportStateTypeComplete {
			return s.readReport(ctx)
		}
		if err := sleep(ctx, reportPause); err != nil {
			return nil, time.Time{}, err
		}
	}
	return nil, time.Time{}, errors.New("AWS has not made the credential report within a minute: try again")
}

func (s *session) readReport(ctx context.Context) ([]reportRow, time.Time, error) {
	out, err := s.iam.GetCredentialReport(ctx, nil)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("reading the credential report: %w", failed("iam:GetCredentialReport", err))
	}
	rows, err := parseReport(out.Content)
	return rows, aws.ToTime(out.GeneratedTime), err
}

// parseReport reads the report, whose first line names the columns.
func parseReport(text []byte) ([]reportRow, error) {
	lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("the credential report cannot be read: %w", err)
	}
	if len(lines) == 0 || len(lines[0]) < 2 || lines[0][0] != "user" {
		return nil, errors.New("the credential report cannot be read: its first column is not \"user\"")
	}
	var rows []reportRow
	for _, line := range lines[1:] {
		row := reportRow{}
		for i, name := range lines[0] {
			row[name] = line[i] // csv holds lines to the first one's length
		}
		rows = append(rows, row)
	}
	return rows, nil
}
