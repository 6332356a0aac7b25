using System.Security.Cryptography;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;

namespace Certctl.Tests.Infrastructure.Persistence;

/// <summary>Entries as issuance makes them, of random content; the journal does not look into DER.</summary>
internal static class TestEntries
{
    public static readonly TimeSpan Hold = TimeSpan.FromHours(1);

    public static readonly TimeSpan Wait = TimeSpan.FromDays(7);

    public static JournalEntry Issued(
        DateTimeOffset now, byte[]? requestKey = null, int profileVersion = 1, string? serialNumber = null, string vouchedBy = "current",
        string? partition = null, string keyId = "")
    {
        var certificate = Certificate(now, serialNumber, partition, keyId);
        return new JournalEntry
        {
            Enrolment = Enrolment(now, now, vouchedBy: vouchedBy).Issued(certificate.IssuerId, certificate.SerialNumber, now + Hold),
            RequestKey = requestKey ?? RandomNumberGenerator.GetBytes(32),
            HeldFor = Hold,
            Certificate = certificate,
            ProfileVersion = profileVersion,
            Audit = Audit(now, certificate.SerialNumber),
        };
    }

    public static JournalEntry Pending(DateTimeOffset now, byte[]? requestKey = null) => new()
    {
        Enrolment = Enrolment(now, now + Wait),
        RequestKey = requestKey ?? RandomNumberGenerator.GetBytes(32),
        HeldFor = Wait,
        ProfileVersion = 1,
        Audit = Audit(now, null),
    };

    /// <summary>Issues what is stored as Approved.</summary>
    public static JournalEntry Completing(Enrolment approved, byte[] requestKey, DateTimeOffset now)
    {
        var certificate = Certificate(now);
        return new JournalEntry
        {
            Enrolment = approved.Issued(certificate.IssuerId, certificate.SerialNumber, now + Hold),
            RequestKey = requestKey,
            HeldFor = Hold,
            Certificate = certificate,
            ProfileVersion = 1,
            Completes = true,
            Audit = Audit(now, certificate.SerialNumber),
        };
    }

    public static AuditEvent Audit(DateTimeOffset now, string? serialNumber) => new()
    {
        Id = Guid.CreateVersion7(now),
        Timestamp = now,
        Actor = "scep-client",
        ActorType = "System",
        Action = AuditAction.ScepPkcsReq,
        Outcome = serialNumber is null ? AuditOutcome.Pending : AuditOutcome.Issued,
        Detail = "as asked",
        ResourceType = "certificate",
        ResourceId = serialNumber ?? "",
        PathId = "corp",
        ProfileId = CertificateProfile.DefaultId,
        TransactionId = "tx-1",
        Subject = "CN=device",
        SubjectAltNames = ["DNS:device.example", "UPN:müller@example"],
        SerialNumber = serialNumber,
        Signer = "CN=device 01",
        DeviceName = "device",
        ClaimSubject = "device 1",
        ClaimIssuer = "connector",
        TokenSha256 = new string('a', 64),
        SourceAddress = "127.0.0.1",
        RequestId = "req-1",
    };

    public static Enrolment Enrolment(
        DateTimeOffset now,
        DateTimeOffset heldUntil,
        string transactionId = "tx-1",
        string vouchedBy = "current",
        byte[]? csrSha256 = null) => new()
        {
            Id = Guid.CreateVersion7(now),
            Protocol = "SCEP",
            PathId = "corp",
            Kind = EnrolmentKind.PkcsReq,
            TransactionId = new TransactionId(transactionId),
            SignerKeySha256 = RandomNumberGenerator.GetBytes(32),
            Csr = RandomNumberGenerator.GetBytes(700),
            CsrSha256 = csrSha256 ?? RandomNumberGenerator.GetBytes(32),
            ProfileId = CertificateProfile.DefaultId,
            Subject = "CN=device,O=Example \"GmbH\"",
            SubjectAltNames = ["DNS:device.example"],
            KeyAlgorithm = "RSA-2048",
            PublicKeySha256 = RandomNumberGenerator.GetBytes(32),
            ChallengeKind = ChallengeKind.Static,
            VouchedBy = vouchedBy,
            ClaimIssuer = "connector",
            ClaimSubject = "device 1",
            DeviceName = "device",
            TokenSha256 = RandomNumberGenerator.GetBytes(32),
            SourceAddress = "127.0.0.1",
            CreatedAt = now,
            HeldUntil = heldUntil,
        };

    public static IssuedCertificate Certificate(
        DateTimeOffset now, string? serialNumber = null, string? partition = null, string keyId = "") => new()
        {
            IssuerId = "iss-local",
            SerialNumber = serialNumber ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20)),
            ProfileId = CertificateProfile.DefaultId,
            PathId = "corp",
            Source = "SCEP",
            Subject = "CN=device",
            CommonName = "device",
            SubjectAltNames = ["DNS:device.example", "UPN:müller@example"],
            NotBefore = now - TimeSpan.FromMinutes(5),
            NotAfter = now + TimeSpan.FromDays(90),
            KeyAlgorithm = "RSA-2048",
            PublicKeySha256 = RandomNumberGenerator.GetBytes(32),
            Sha256 = RandomNumberGenerator.GetBytes(32),
            Der = RandomNumberGenerator.GetBytes(1000),
            CreatedAt = now,
            AuthorityKeyId = keyId,
            CrlPartition = partition,
        };
}
