using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Scep.GetCert;
using Certctl.Application.Scep.GetCertInitial;
using Certctl.Application.Scep.GetCrl;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Scep;

/// <summary>
/// Which command and which audit action a message is: messageType decides (RFC 8894 §3.2.1.2), and the codec has read the content by it.
/// </summary>
internal static class ScepDispatch
{
    public static EnrolmentCommand Command(
        ScepProfile profile, EnrolmentContext context, MessageType? type, ScepContent content) => (type, content) switch
        {
            (MessageType.PkcsReq, ScepContent.CertificationRequest(var csr)) => new IssuanceCommand(context, csr, EnrolmentKind.PkcsReq),
            (MessageType.RenewalReq, ScepContent.CertificationRequest(var csr)) =>
                new IssuanceCommand(context, csr, EnrolmentKind.RenewalReq),
            (MessageType.GetCertInitial, ScepContent.CertPoll) => new GetCertInitialCommand(context),
            (MessageType.GetCert, ScepContent.CertQuery(var named)) => new GetCertCommand(context, profile.Codec, named),
            (MessageType.GetCrl, ScepContent.CertQuery(var named)) => new GetCrlCommand(context, profile.Codec, named),
            _ => throw new InvalidOperationException($"The codec let a {type} pass with content that does not belong to it."),
        };

    /// <summary>The audit action of a refused message, by the suffix of the kind of challenge that it came with.</summary>
    public static string ActionOf(MessageType? type, string suffix) => type switch
    {
        MessageType.PkcsReq => EnrolmentTrail.ActionOf(EnrolmentKind.PkcsReq, suffix),
        MessageType.RenewalReq => EnrolmentTrail.ActionOf(EnrolmentKind.RenewalReq, suffix),
        MessageType.GetCertInitial => AuditAction.ScepGetCertInitial,
        MessageType.GetCert => AuditAction.ScepGetCert,
        MessageType.GetCrl => AuditAction.ScepGetCrl,
        _ => AuditAction.ScepMessage,
    };
}
