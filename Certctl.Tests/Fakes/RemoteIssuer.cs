using Certctl.Application.Issuers;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Tests.Application.Scep;

namespace Certctl.Tests.Fakes;

/// <summary>
/// An issuer outside of the process that takes its time, answers later or fails in the middle, and counts what it signs. It keeps
/// no idempotency keys.
/// </summary>
internal class RemoteIssuer : ISignsElsewhere
{
    // It signs as the local one and has a name and serial numbers of its own.
    private readonly FakeIssuer _signer = new(EnrolmentHarness.Now.AddYears(5)) { IssuerId = "iss-remote" };

    public string IssuerId => "iss-remote";

    public IReadOnlyList<ReadOnlyMemory<byte>> Chain => _signer.Chain;

    public SubjectName Name => _signer.Name;

    public DateTimeOffset NotAfter => _signer.NotAfter;

    /// <summary>What it has signed, by reservation, however often.</summary>
    public List<(Guid Id, IssuedCertificate Certificate)> Signed { get; } = [];

    /// <summary>How often it was asked to sign.</summary>
    public int Requests { get; private set; }

    /// <summary>Awaited before it signs.</summary>
    public Func<CancellationToken, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>Awaited after it has signed.</summary>
    public Func<Task> After { get; set; } = () => Task.CompletedTask;

    /// <summary>Answers that come before the certificate, one a question.</summary>
    public Queue<IssuerAnswer> Answers { get; } = [];

    /// <summary>Certifies another key than the one that was asked for.</summary>
    public bool MistakesTheKey { get; set; }

    public bool HasIssued(IssuedCertificate certificate) => certificate.IssuerId == IssuerId;

    public Task<IReadOnlyList<string>> TestAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>([]);

    public async Task<IssuerAnswer> RequestAsync(Enrolment reserved, CertificateTemplate template, CancellationToken cancellationToken)
    {
        Requests++;
        await Before(cancellationToken);
        if (Answers.TryDequeue(out var answer) && answer is IssuerAnswer.Refused)
            return answer;
        var issued = (IssuerAnswer.Issued)await _signer.SignAsync(template, reserved.PathId, reserved.Protocol, cancellationToken);
        if (MistakesTheKey)
            issued.Certificate.PublicKeySha256[0] ^= 1;
        Signed.Add((reserved.Id, issued.Certificate));
        await After();
        return answer ?? issued;
    }
}

/// <summary>The same, and it can say what became of a request.</summary>
internal sealed class RecallingIssuer : RemoteIssuer, IRecallsRequests
{
    /// <summary>The references under which it was asked.</summary>
    public List<string?> Recalls { get; } = [];

    public Task<IssuerAnswer?> RecallAsync(Enrolment reserved, CancellationToken cancellationToken)
    {
        Recalls.Add(reserved.IssuerReference);
        if (Answers.TryDequeue(out var answer))
            return Task.FromResult<IssuerAnswer?>(answer);
        var found = Signed.Find(signed => signed.Id == reserved.Id).Certificate;
        return Task.FromResult<IssuerAnswer?>(found is null ? null : new IssuerAnswer.Issued(found));
    }
}
