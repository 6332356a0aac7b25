namespace Certctl.Application.Enrolments.Compliance;

/// <summary>Which service says whether a device may have a certificate today.</summary>
/// <param name="OnError">What happens when it cannot be asked.</param>
public sealed record CompliancePolicy(IComplianceHook Hook, ComplianceOnError OnError = ComplianceOnError.Deny)
{
    /// <summary>No service is asked.</summary>
    public static readonly CompliancePolicy None = new(AlwaysCompliant.Instance);

    public bool Asks => Hook is not AlwaysCompliant;
}
