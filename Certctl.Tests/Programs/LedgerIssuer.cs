using System.Globalization;
using System.Text.Json;
using Certctl.Application.Issuers;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Infrastructure.Issuers.LocalCa;

namespace Certctl.Tests.Programs;

/// <summary>
/// An issuer whose memory outlives the server: a folder with a file for each reservation that it has signed, and a line for each time that
/// it signed. It does not refuse to sign twice, so that the lines show whether it was asked to.
/// </summary>
internal sealed class LedgerIssuer(LocalCaIssuer signer, string ledger) : ISignsElsewhere, IRecallsRequests, IPublishesStatus
{
    public const string Id = "iss-remote";

    public string IssuerId => Id;

    public IReadOnlyList<ReadOnlyMemory<byte>> Chain => signer.Chain;

    public SubjectName Name => signer.Name;

    public DateTimeOffset NotAfter => signer.NotAfter;

    public Certctl.Application.Publication.ICrlWriter? Crls => signer.Crls;

    public string KeyId => signer.KeyId;

    /// <summary>The reservations that were signed, one for each time.</summary>
    public static IReadOnlyList<string> SignedIn(string ledger) =>
        File.Exists(Path.Combine(ledger, "signed")) ? File.ReadAllLines(Path.Combine(ledger, "signed")) : [];

    public bool HasIssued(IssuedCertificate certificate) => signer.HasIssued(certificate);

    public byte[] CertifyResponder(ReadOnlySpan<byte> subjectPublicKeyInfo, DateTimeOffset notBefore, DateTimeOffset notAfter) =>
        signer.CertifyResponder(subjectPublicKeyInfo, notBefore, notAfter);

    public Task<IReadOnlyList<string>> TestAsync(CancellationToken cancellationToken) => signer.TestAsync(cancellationToken);

    public async Task<IssuerAnswer> RequestAsync(Enrolment reserved, CertificateTemplate template, CancellationToken cancellationToken)
    {
        if (Environment.GetEnvironmentVariable(RemoteIssuerServer.Delay) is { Length: > 0 } delay)
            await Task.Delay(int.Parse(delay, CultureInfo.InvariantCulture), cancellationToken);
        var answer = await signer.SignAsync(template, reserved.PathId, reserved.Protocol, cancellationToken);
        if (answer is not IssuerAnswer.Issued(var certificate))
            return answer;
        await File.WriteAllTextAsync(FileOf(reserved), JsonSerializer.Serialize(certificate), CancellationToken.None);
        await File.AppendAllTextAsync(Path.Combine(ledger, "signed"), $"{reserved.Id}\n", CancellationToken.None);
        await RemoteIssuerServer.KillAsync("signed");
        return Environment.GetEnvironmentVariable(RemoteIssuerServer.Pends) is null
            ? answer
            : new IssuerAnswer.Pending($"order {reserved.Id}");
    }

    public async Task<IssuerAnswer?> RecallAsync(Enrolment reserved, CancellationToken cancellationToken)
    {
        if (!File.Exists(FileOf(reserved)))
            return null;
        var asked = FileOf(reserved) + ".asked";
        if (Environment.GetEnvironmentVariable(RemoteIssuerServer.Pends) is not null && !File.Exists(asked))
        {
            await File.WriteAllTextAsync(asked, reserved.IssuerReference, cancellationToken);
            return new IssuerAnswer.Pending($"order {reserved.Id}");
        }

        return new IssuerAnswer.Issued(
            JsonSerializer.Deserialize<IssuedCertificate>(await File.ReadAllTextAsync(FileOf(reserved), cancellationToken))!);
    }

    private string FileOf(Enrolment reserved) => Path.Combine(ledger, $"{reserved.Id}.json");
}
