using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Est;

public static class EstProtocol
{
    /// <summary>How journal, certificates and the compliance service name the protocol.</summary>
    public const string Name = "EST";
}

/// <summary>The operations of RFC 7030 §3.2.2, as the path names them; none of them can be a label.</summary>
public static class EstOperationName
{
    public const string CaCerts = "cacerts";
    public const string SimpleEnroll = "simpleenroll";
    public const string SimpleReenroll = "simplereenroll";
    public const string FullCmc = "fullcmc";
    public const string ServerKeyGen = "serverkeygen";
    public const string CsrAttrs = "csrattrs";

    public static readonly IReadOnlyList<string> All = [CaCerts, SimpleEnroll, SimpleReenroll, FullCmc, ServerKeyGen, CsrAttrs];
}

/// <summary>How audit and metrics name a request of which nothing was read.</summary>
/// <param name="Action">Of the audit trail.</param>
/// <param name="Kind">Of metrics.</param>
public sealed record EstRequestName(string Action, string Kind)
{
    public static readonly EstRequestName CaCerts = new(AuditAction.EstRequest, EstOperationName.CaCerts);
    public static readonly EstRequestName CsrAttrs = new(AuditAction.EstRequest, EstOperationName.CsrAttrs);

    public static EstRequestName Of(EnrolmentKind kind) => new(EnrolmentTrail.ActionOf(kind, ""), EstKind.Of(kind));
}

/// <summary>The one name of each kind of request in log, metrics and traces.</summary>
public static class EstKind
{
    public static string Of(EnrolmentKind kind) => kind switch
    {
        EnrolmentKind.SimpleEnroll => "simple_enroll",
        EnrolmentKind.SimpleReenroll => "simple_reenroll",
        EnrolmentKind.ServerKeyGen => "server_keygen",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a kind of EST"),
    };
}

/// <summary>
/// What an endpoint takes as authentication of a first enrolment; a renewal is authenticated by the certificate that it renews.
/// </summary>
[Flags]
public enum EstAuthModes
{
    /// <summary>Not set: no endpoint is made with it.</summary>
    None = 0,

    /// <summary>The password, by HTTP Basic (RFC 7030 §3.2.3).</summary>
    Basic = 1,

    /// <summary>A TLS client certificate that leads to the trust bundle (RFC 7030 §3.3.2).</summary>
    Mtls = 2,

    /// <summary>The password as challengePassword.</summary>
    Challenge = 4,

    /// <summary>Operators decide; beside other modes, about what those have let in.</summary>
    Approval = 8,

    /// <summary>Nothing but the request; stands alone.</summary>
    Anonymous = 16,
}
