using System.Text.Json;
using System.Text.Json.Serialization;
using Certctl.Application.Enrolments.Compliance;
using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Infrastructure.Compliance;

/// <summary>
/// The question as JSON (docs/compliance.md). Facts alone: the request itself holds the challengePassword and stays here.
/// </summary>
internal sealed record ComplianceRequest(
    int Version,
    string Protocol,
    string Profile,
    string? ScepProfile,
    string CertificateProfile,
    string TransactionId,
    string RequestId,
    string? SourceAddress,
    string ChallengeKind,
    ComplianceRequest.ClaimFacts? Claim,
    ComplianceRequest.CsrFacts Csr)
{
    private const int CurrentVersion = 1;

    private static readonly JsonSerializerOptions Form = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    };

    public static byte[] Write(ComplianceQuestion question) => JsonSerializer.SerializeToUtf8Bytes(Of(question), Form);

    private static ComplianceRequest Of(ComplianceQuestion question) => new(
        CurrentVersion,
        question.Protocol,
        question.PathId,

        // What version 1 had before EST; a receiver that reads nothing else goes on to work for SCEP.
        question.Protocol == ScepProtocol.Name ? question.PathId : null,
        question.CertificateProfileId,
        question.TransactionId.Value,
        question.RequestId,
        question.SourceAddress,
        question.ChallengeKind.ToString().ToLowerInvariant(),
        question.Claim is { } claim
            ? new ClaimFacts(claim.Issuer, claim.Subject, claim.DeviceName, Convert.ToHexStringLower(claim.TokenSha256.Span))
            : null,
        CsrFacts.Of(question.Csr));

    /// <summary>What the signed challenge says.</summary>
    internal sealed record ClaimFacts(
        string Issuer, string Subject, string? DeviceName, [property: JsonPropertyName("token_sha256")] string TokenSha256);

    /// <summary>What the request asks for.</summary>
    internal sealed record CsrFacts(
        [property: JsonPropertyName("sha256")] string Sha256,
        string Subject,
        string? CommonName,
        string[] Dns,
        string[] Mail,
        string[] Upn,
        string[] Uri,
        string[] Ip,
        string[] OtherNames,
        string KeyAlgorithm,
        int KeyBits,
        [property: JsonPropertyName("key_sha256")] string KeySha256)
    {
        public static CsrFacts Of(CertificateSigningRequest csr) => new(
            Convert.ToHexStringLower(csr.Sha256.Span),
            csr.Subject.ToString(),
            csr.Subject.CommonName,
            Names(csr, SubjectAltNameKind.DnsName),
            Names(csr, SubjectAltNameKind.Rfc822Name),
            [.. csr.SubjectAltNames.Where(IsUpn).Select(name => name.Text)],
            Names(csr, SubjectAltNameKind.Uri),
            Names(csr, SubjectAltNameKind.IpAddress),
            [.. csr.SubjectAltNames.Where(IsOther).Select(name => name.ToString())],
            csr.PublicKey.Describe(),
            csr.PublicKey.Bits,
            Convert.ToHexStringLower(csr.PublicKey.Sha256.Span));

        private static string[] Names(CertificateSigningRequest csr, SubjectAltNameKind kind) =>
            [.. csr.SubjectAltNames.Where(name => name.Kind == kind).Select(name => name.Text)];

        private static bool IsUpn(SubjectAltName name) => name.OtherNameOid == SubjectAltName.UserPrincipalNameOid;

        private static bool IsOther(SubjectAltName name) =>
            !IsUpn(name) && name.Kind is not (SubjectAltNameKind.DnsName
                or SubjectAltNameKind.Rfc822Name or SubjectAltNameKind.Uri or SubjectAltNameKind.IpAddress);
    }
}
