namespace Certctl.Application.Admin;

/// <summary>What a key may do; each may do what those before it may.</summary>
public enum ApiRole
{
    /// <summary>Read everything, change nothing.</summary>
    Auditor,

    /// <summary>Also decide about certificates and approvals.</summary>
    Operator,

    /// <summary>Also see and change how the server is set up.</summary>
    Admin,
}
