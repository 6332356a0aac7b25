using System.Text.Json;
using System.Text.Json.Nodes;
using Certctl.Api.Hosting.Http;
using Certctl.Api.Rest.Endpoints;
using Certctl.Api.Rest.Endpoints.Protocols;
using Certctl.Api.Rest.Http;
using Certctl.Application.Admin;
using Certctl.Application.Admin.ApiKeys;
using Certctl.Application.Admin.Approvals;
using Certctl.Application.Admin.Certificates;
using Certctl.Application.Admin.Jobs;
using Certctl.Application.Admin.Probes;
using Certctl.Application.Admin.Reload;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Application.Est;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;

namespace Certctl.Api.Rest.OpenApi;

/// <summary>
/// Example bodies of the API reference, all about one laptop. They are instances of the records themselves,
/// so that an example with wrong members does not compile.
/// </summary>
internal static class Examples
{
    /// <summary>Values of parameters, too.</summary>
    public const string Serial = "0d6f3a1b52c84e97a0b1c2d3e4f5061728394a5b";
    public const string Transaction = "9F1C2A7B64D0E835";
    public const string Actor = "scep-client";
    public const string PathId = "corp";
    public const string IssuerId = "iss-local";
    public const string ProfileId = CertificateProfile.DefaultId;
    public const string Search = "laptop-0042";
    public const string Time = "2026-11-02T09:30:00Z";
    public const string Cursor = "019a43910a137c60ae4f60718293a4b5";

    private const string Request = "019a4390-7c11-7b52-9d3e-5f60718293a4";
    private const string Fingerprint = "3a7bd3e2360a3d29eea436fcfb7e44c735d117c42d1c1835420b6b9942dd4f1b";
    private const string KeyId = "5d407e21a1b2c3d4";
    private const string Device = "LAPTOP-0042";
    private const string Pem = "-----BEGIN CERTIFICATE-----\nMIIDXTCCAkWgAwIBAgIU…\n-----END CERTIFICATE-----\n";

    private static readonly DateTimeOffset Day = new(2026, 11, 2, 9, 30, 0, TimeSpan.Zero);
    private static readonly Guid Approval = new("019a4390-6f02-7d41-8c2d-4e5f60718293");
    private static readonly Guid Event = new("019a4391-0a13-7c60-ae4f-60718293a4b5");

    private static readonly CertificateRow Certificate = new(
        Serial, Serial, Device, Device, $"CN={Device},O=Example", [$"DNS:{Device.ToLowerInvariant()}.example.com"], IssuerId, ProfileId,
        PathId, "SCEP", CertificateStatus.Active,
        Day.UtcDateTime, Day.AddDays(365).UtcDateTime, "RSA-2048", Fingerprint, Day.UtcDateTime, null, null);

    private static readonly JobRow Job = new(
        new Guid("019a4392-1b24-7d71-bf50-718293a4b5c6"), "bulk_revocation", JobState.Running, false, "alice", Day.UtcDateTime,
        Day.AddSeconds(1).UtcDateTime, null, "cessationOfOperation", "The branch office is closed", "laptops", null, PathId, null, null,
        3000, 1497, 3, 0, null);

    private static readonly ApprovalView Waiting = new(
        Approval, EnrolmentState.Pending, Day, Day.AddDays(7), "SCEP", "corp", CertificateProfile.DefaultId, EnrolmentKind.PkcsReq,
        Certificate.Subject, Certificate.Sans, Certificate.KeyAlgorithm, Fingerprint,
        Transaction, "192.0.2.17", "Static current", 2, [new DecisionView("olga", true, "Confirmed with the owner", Day.AddMinutes(20))]);

    private static readonly AuditRow Issued = new(
        Event, Day.UtcDateTime, Actor, "System", AuditAction.ScepPkcsReq, AuditOutcome.Issued, null, "certificate", Serial, 1,
        new Dictionary<string, object?>
        {
            ["path_id"] = Certificate.PathId,
            ["profile_id"] = Certificate.CertificateProfileId,
            ["transaction_id"] = Transaction,
            ["subject"] = Certificate.Subject,
            ["sans"] = Certificate.Sans,
            ["serial_number"] = Serial,
            ["source_address"] = "192.0.2.17",
            ["request_id"] = Request,
        });

    private static readonly CaView Ca = new(
        "CN=Example Devices CA", "Example Devices CA", "CN=Example Root", "4b1d0c2f", Day.AddYears(-1).UtcDateTime,
        Day.AddYears(9).UtcDateTime, Days(Day.AddYears(9)), "RSA-3072", Fingerprint, true, Pem);

    private static readonly IssuerView Issuer = new(
        "iss-local", Ca.CommonName!, "GenericCA", true, new IssuerConfig(365, ["http://pki.example.com/ca.crl"], null, null),
        Day.UtcDateTime, IssuerTestStatus.Success, Ca, null);

    private static readonly ApiKeyView Key = new(
        KeyId, "ticketing", ApiRole.Operator, ApiKeyState.Active, Day, "alice", "alice", Day.AddDays(90), Day.AddDays(1), null);

    private static readonly ProfileJson Profile = new()
    {
        Id = "laptops",
        Name = "Laptops",
        Description = "Wi-Fi and VPN of managed laptops",
        AllowedKeyAlgorithms = [new("RSA", 2048), new("ECDSA", 256)],
        MaxTtlSeconds = 31_536_000,
        AllowedEkus = ["clientAuth"],
        RequiredSanPatterns = [@"^DNS:[a-z0-9-]+\.example\.com$"],
        RenewalWindowDays = 30,
        Version = 3,
        CreatedAt = Day.AddYears(-1),
        UpdatedAt = Day,
    };

    private static readonly TrustAnchorRow Connector = new(
        "Microsoft Intune Certificate Connector", Day.AddMonths(-6).UtcDateTime, Day.AddYears(1).UtcDateTime, Days(Day.AddYears(1)), false);

    private static readonly Dictionary<string, long> Counters = IntuneCounters.Labels.ToDictionary(
        label => label, label => label == IntuneCounters.Labels[0] ? 42L : 0L);

    private static readonly IntuneSection Section = new(
        "/etc/certctl/intune.pem", [Connector], "https://scep.example.com/scep/corp", 3_600_000_000_000, 60_000_000_000, false, 17,
        Counters, Counters);

    private static readonly IntuneRow Flat = IntuneRow.Of("corp", "iss-local", Section, Day.UtcDateTime);

    private static readonly ScepProfileRow ScepProfile = new(
        "corp", "iss-local", false, "Example SCEP RA", Day.AddMonths(-6).UtcDateTime, Day.AddMonths(18).UtcDateTime,
        Days(Day.AddMonths(18)), false, false, null, Day.UtcDateTime)
    {
        Intune = Section,
    };

    private static readonly EstProfileRow EstProfile = new(
        "corp", "iss-local", "default", EstCounters.Labels.ToDictionary(label => label, label => label == EstCounters.Labels[0] ? 42L : 0L),
        true, true, false, ["basic", "mtls"], Day.UtcDateTime)
    {
        TrustAnchors = [TrustAnchorRow.Of("Example device CA", Day.AddYears(-1), Day.AddYears(4), Day)],
        TrustAnchorPath = "/etc/certctl/est-clients.pem",
    };

    private static readonly ScepProbeResult Probe = new()
    {
        Id = $"spr-{Event}",
        TargetUrl = "https://scep.example.net/scep",
        Reachable = true,
        AdvertisedCaps = ["AES", "POSTPKIOperation", "Renewal", "SHA-256", "SCEPStandard"],
        SupportsRfc8894 = true,
        SupportsAes = true,
        SupportsPostOperation = true,
        SupportsRenewal = true,
        SupportsSha256 = true,
        SupportsSha512 = false,
        CaCertSubject = Ca.Subject,
        CaCertIssuer = Ca.Issuer,
        CaCertNotBefore = Ca.NotBefore,
        CaCertNotAfter = Ca.NotAfter,
        CaCertExpired = false,
        CaCertDaysToExpiry = Ca.DaysToExpiry,
        CaCertAlgorithm = Ca.KeyAlgorithm,
        CaCertChainLength = 2,
        Warnings = [],
        ProbedAt = Day,
        ProbeDurationMs = 184,
        Error = null,
    };

    private static readonly Dictionary<Type, object> Bodies = new object[]
    {
        new HealthAnswer("healthy"),
        new ReadyAnswer("ready") { Db = "reachable" },
        new AuthInfo("api-key", true, "https://login.example.com/tenant/v2.0"),
        new AuthCheck("authenticated", "alice", true, ApiRole.Admin),
        new VersionInfo("0.1.0", "4f2a9c1", "10.0.1"),
        new ApiKeyBody(Key.Name, Key.Role, Key.ExpiresAt),
        new ApiKeyMade(Key.Id, Key.Name, Key.Role, Key.ExpiresAt, $"certctl_{KeyId}_…"),
        PageOf(Key),
        new ProfileList<ScepProfileRow>([ScepProfile], 1, Day.UtcDateTime),
        new ProfileList<IntuneRow>([Flat], 1, Day.UtcDateTime),
        new ProfileList<EstProfileRow>([EstProfile], 1, Day.UtcDateTime),
        new ReloadBody("corp"),
        new ReloadReport(
        [
            new PartRow("tls", null, PartResult.Exchanged, Fingerprint, new string('0', 64), null),
            new PartRow(
                "ra_pairs", "corp", PartResult.Refused, null, null, "SCEP profile \"corp\", RA pair /etc/certctl/ra.crt: it expired"),
            new PartRow("challenge", "corp", PartResult.Unchanged, null, null, null),
        ]),
        new ReloadResult(true, "corp", Day.UtcDateTime),
        PageOf(Waiting),
        new DecisionBody("Confirmed with the owner"),
        new DecisionResult(Approval, "approved", "approved (2 of 2)"),
        Issued,
        PageOf(Issued),
        Certificate,
        PageOf(Certificate),
        new RevocationBody("keyCompromise", "Stolen on Monday"),
        new ReleaseBody("Found again"),
        new RevocationResult("revoked", "revoked (KeyCompromise)"),
        new BulkRevocationBody(
            "cessationOfOperation", ProfileId: "laptops", PathId: "corp", DryRun: false, Note: "The branch office is closed"),
        Job,
        PageOf(Job),
        Profile,
        PageOf(Profile),
        Issuer,
        PageOf(Issuer),
        new IssuerTested("connection_successful"),
        new EnrolmentTimeline(Transaction, AuditOutcome.Issued, [Serial], 1, [Issued]),
        new ScepProbeBody(Probe.TargetUrl),
        Probe,
        new ScepProbeList([Probe], 1),
        Problems.Of(
            StatusCodes.Status400BadRequest,
            "One or more query parameters are invalid; see errors.",
            Request,
            new Dictionary<string, string[]> { ["per_page"] = ["must be a whole number from 1 to 500"] }),
    }.ToDictionary(body => body.GetType());

    /// <summary>Of a body as it is written, without what a writer may leave out; null: of this type none is shown.</summary>
    public static JsonNode? Of(Type type)
    {
        if (!Bodies.TryGetValue(type, out var body))
            return null;
        var node = JsonSerializer.SerializeToNode(body, type, ApiJson.Options)!.AsObject();
        foreach (var absent in type.Name.EndsWith("Body", StringComparison.Ordinal)
            ? node.Where(member => member.Value is null).Select(member => member.Key).ToList()
            : [])
            node.Remove(absent);
        return node;
    }

    /// <summary>Of an answer that is no JSON; null: its octets are no text.</summary>
    public static string? OfText(string mediaType) => mediaType switch
    {
        AuditExport.NdjsonType => AuditExport.Line(Issued, csv: false),
        AuditExport.CsvType => AuditExport.Head + AuditExport.Line(Issued, csv: true),
        MediaTypes.Pem => Pem,
        MediaTypes.PemChain => Pem + Pem,
        _ => null,
    };

    /// <summary>Of the variable part of a path.</summary>
    /// <param name="collection">What it is an id in: <c>certificates</c>.</param>
    public static string OfId(string collection) => collection switch
    {
        "certificates" => Serial,
        "jobs" => $"{Job.Id}",
        "api-keys" => KeyId,
        "approvals" => $"{Approval}",
        "audit" => $"{Event}",
        "profiles" => Profile.Id!,
        "issuers" => Issuer.Id,
        "enrolments" => Transaction,
        _ => throw new ArgumentOutOfRangeException(nameof(collection), collection, "No example of an id."),
    };

    private static int Days(DateTimeOffset until) => (int)(until - Day).TotalDays;

    private static Page<T> PageOf<T>(T row) => new([row], 1, 1, 50, null);
}
