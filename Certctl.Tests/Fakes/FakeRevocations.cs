using System.Data.Common;
using Certctl.Application.Publication;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Persistence.Availability;

namespace Certctl.Tests.Fakes;

/// <summary>A database of standings: revocation and epoch change at one instant, as in one transaction.</summary>
internal sealed class FakeRevocations : IRevocationStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, CertificateStanding> _standings = [];
    private long _epoch;
    private int _epochReads;
    private int _lookUps;

    public int EpochReads => Volatile.Read(ref _epochReads);

    public int LookUps => Volatile.Read(ref _lookUps);

    /// <summary>Null: it answers.</summary>
    public Exception? Fault { get; set; }

    /// <summary>Waited for before an epoch or a standing is read, and after.</summary>
    public Func<string, Task> Before { get; set; } = _ => Task.CompletedTask;

    public Func<string, Task> After { get; set; } = _ => Task.CompletedTask;

    public static DbException Outage => new DatabaseUnavailableException("The database did not answer.");

    public void Issue(string serialNumber, string keyId, DateTimeOffset notAfter)
    {
        lock (_lock)
            _standings[serialNumber] = new CertificateStanding(keyId, notAfter, RevokedAt: null, Reason: null);
    }

    public void Revoke(
        string serialNumber, DateTimeOffset at, RevocationReason reason = RevocationReason.KeyCompromise,
        DateTimeOffset? invalidSince = null) =>
        Change(serialNumber, standing => standing with { RevokedAt = at, Reason = reason, InvalidSince = invalidSince });

    public void Release(string serialNumber) => Change(serialNumber, standing => standing with { RevokedAt = null, Reason = null });

    public async Task<long> EpochAsync(string issuerId, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _epochReads);
        await Before("epoch");
        ThrowFault();
        long epoch;
        lock (_lock)
            epoch = _epoch;
        await After("epoch");
        return epoch;
    }

    public async Task<CertificateStanding?> FindAsync(string issuerId, string serialNumber, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _lookUps);
        await Before("standing");
        ThrowFault();
        CertificateStanding? standing;
        lock (_lock)
            standing = _standings.GetValueOrDefault(serialNumber);
        await After("standing");
        return standing;
    }

    public IAsyncEnumerable<RevokedCertificate> ListRevokedAsync(
        string issuerId, string keyId, DateTimeOffset endsAfter, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<RevokedCertificate> ListRevokedAsync(
        string issuerId, string keyId, string partition, DateTimeOffset endsAfter, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public IAsyncEnumerable<RevokedCertificate> ListChangedAsync(
        string issuerId, string keyId, DateTimeOffset since, DateTimeOffset endsAfter, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<DateTimeOffset?> FindLastEndAsync(string keyId, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    private void Change(string serialNumber, Func<CertificateStanding, CertificateStanding> change)
    {
        lock (_lock)
        {
            _standings[serialNumber] = change(_standings[serialNumber]);
            _epoch++;
        }
    }

    private void ThrowFault()
    {
        if (Fault is { } fault)
            throw fault;
    }
}
