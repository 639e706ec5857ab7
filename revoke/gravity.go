package revoke

import (
	"slices"
	"strings"
)

// graveCalls are the calls that deserve to be looked at first, by service. They
// are those that reports of misused keys name (Unit 42's EleKtra-Leak, CrowdStrike
// on GetFederationToken, Sysdig and Permiso on Bedrock and SES), and their kin.
var graveCalls = []struct {
	gravity Gravity
	service string
	names   []string
}{
	{Persistence, "iam", []string{
		"CreateUser", "CreateAccessKey", "CreateLoginProfile", "UpdateLoginProfile", "AttachUserPolicy", "AttachRolePolicy", "AttachGroupPolicy",
		"PutUserPolicy", "PutRolePolicy", "PutGroupPolicy", "AddUserToGroup", "CreateRole", "UpdateAssumeRolePolicy", "CreatePolicyVersion",
		"SetDefaultPolicyVersion", "CreateServiceSpecificCredential", "ResetServiceSpecificCredential", "UploadSSHPublicKey", "UploadSigningCertificate",
		"CreateSAMLProvider", "UpdateSAMLProvider", "CreateOpenIDConnectProvider", "CreateVirtualMFADevice", "EnableMFADevice", "DeactivateMFADevice",
		"DeleteUserPolicy", "DetachUserPolicy", "UpdateAccessKey", "AddRoleToInstanceProfile", "CreateInstanceProfile",
	}},
	{Persistence, "sts", []string{"GetFederationToken", "GetSessionToken", "AssumeRole", "AssumeRoot"}},
	{Persistence, "signin", []string{"ConsoleLogin", "GetSigninToken"}},
	{Persistence, "lambda", []string{"CreateFunction", "UpdateFunctionCode", "AddPermission", "CreateFunctionUrlConfig", "UpdateFunctionConfiguration"}},
	{Persistence, "ec2", []string{"CreateKeyPair", "ImportKeyPair", "AuthorizeSecurityGroupIngress", "ModifyInstanceAttribute", "ModifySnapshotAttribute", "ModifyImageAttribute"}},
	{Persistence, "organizations", []string{"CreateAccount", "InviteAccountToOrganization", "LeaveOrganization"}},
	{Persistence, "sso", []string{"CreateAccountAssignment", "CreatePermissionSet"}},
	{Persistence, "secretsmanager", []string{"GetSecretValue", "BatchGetSecretValue"}},
	{Persistence, "ssm", []string{"SendCommand", "StartSession", "GetParameter", "GetParameters", "GetParametersByPath"}},
	{Cost, "ec2", []string{"RunInstances", "RequestSpotInstances", "RequestSpotFleet", "CreateFleet", "CreateLaunchTemplate", "PurchaseReservedInstancesOffering"}},
	{Cost, "ecs", []string{"CreateCluster", "CreateService", "RunTask", "RegisterTaskDefinition"}},
	{Cost, "eks", []string{"CreateCluster", "CreateNodegroup"}},
	{Cost, "autoscaling", []string{"CreateAutoScalingGroup", "UpdateAutoScalingGroup"}},
	{Cost, "batch", []string{"CreateComputeEnvironment", "SubmitJob"}},
	{Cost, "lightsail", []string{"CreateInstances"}},
	{Cost, "sagemaker", []string{"CreateNotebookInstance", "CreateTrainingJob", "CreateEndpoint"}},
	{Cost, "bedrock", []string{"InvokeModel", "InvokeModelWithResponseStream", "Converse", "ConverseStream", "CreateFoundationModelAgreement", "PutUseCaseForModelAccess"}},
	{Cost, "ses", []string{"SendEmail", "SendRawEmail", "CreateEmailIdentity", "VerifyEmailIdentity", "VerifyDomainIdentity", "PutAccountDetails", "UpdateAccountSendingEnabled"}},
	{Cost, "sns", []string{"Publish", "CreateSMSSandboxPhoneNumber"}},
	{Cost, "servicequotas", []string{"RequestServiceQuotaIncrease"}},
	{Hiding, "cloudtrail", []string{"StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"}},
	{Hiding, "guardduty", []string{"DeleteDetector", "UpdateDetector", "StopMonitoringMembers"}},
	{Hiding, "config", []string{"StopConfigurationRecorder", "DeleteConfigurationRecorder"}},
	{Hiding, "securityhub", []string{"DisableSecurityHub"}},
	{Hiding, "logs", []string{"DeleteLogGroup", "DeleteLogStream"}},
}

// gravity is that of a call as CloudTrail names it; lambda's names carry a date and
// a version behind them (CreateFunction20150331, AddPermission20150331v2).
func gravity(source, name string) Gravity {
	service, _, _ := strings.Cut(source, ".")
	if i := strings.IndexAny(name, "0123456789"); i > 0 && service == "lambda" {
		name = name[:i]
	}
	for _, g := range graveCalls {
		if g.service == service && slices.Contains(g.names, name) {
			return g.gravity
		}
	}
	return Ordinary
}
