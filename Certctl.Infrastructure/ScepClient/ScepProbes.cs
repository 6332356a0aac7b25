using System.Net;
using System.Text.Json;
using Certctl.Application.Admin.Probes;
using Certctl.Domain.Audit;
using Certctl.Infrastructure.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.ScepClient;

/// <inheritdoc cref="IScepProbes"/>
/// <param name="allowed">Networks that may be asked although they are reserved; null: probes are refused.</param>
internal sealed class ScepProbes(IReadOnlyList<IPNetwork>? allowed, IDbContextFactory<CertctlDbContext> contexts, TimeProvider clock)
    : IScepProbes, IDisposable
{
    private const int AtOnce = 4;
    private const int Kept = 1000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _places = new(AtOnce);

    public async Task<ScepProbing> AskAsync(Uri target, CancellationToken cancellationToken)
    {
        if (allowed is null)
            return new ScepProbing.TurnedOff();
        if (!await _places.WaitAsync(TimeSpan.Zero, cancellationToken))
            return new ScepProbing.Busy();
        try
        {
            var guard = new ProbeGuard(allowed);
            using var transport = new ScepTransport(target, guard.Handler(), new TlsTrust.AcceptAny(), ProbeGuard.Agent);
            var (started, at) = (clock.GetTimestamp(), clock.GetUtcNow());
            var (report, error) = await RunAsync(transport, cancellationToken);
            return guard.Refusal is { } refusal
                ? new ScepProbing.NotAllowed(refusal)
                : new ScepProbing.Asked(Result(report, error, at, clock.GetElapsedTime(started)));
        }
        finally
        {
            _places.Release();
        }
    }

    public async Task KeepAsync(ScepProbeResult result, AuditEvent audit, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        db.ScepProbes.Add(new StoredProbe { Id = result.Id, CreatedAt = result.ProbedAt, Result = JsonSerializer.Serialize(result) });
        db.AuditEvents.Add(audit);
        await db.SaveChangesAsync(cancellationToken);
        if (await db.ScepProbes.OrderByDescending(probe => probe.CreatedAt).Skip(Kept)
            .Select(probe => (DateTimeOffset?)probe.CreatedAt).FirstOrDefaultAsync(cancellationToken) is { } last)
            await db.ScepProbes.Where(probe => probe.CreatedAt <= last).ExecuteDeleteAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    public async Task<ScepProbeResult?> FindAsync(string id, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.ScepProbes.Where(probe => probe.Id == id).Select(probe => probe.Result)
            .SingleOrDefaultAsync(cancellationToken) is { } json ? Read(json) : null;
    }

    public async Task<IReadOnlyList<ScepProbeResult>> ListAsync(int limit, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await db.ScepProbes.OrderByDescending(probe => probe.CreatedAt).ThenBy(probe => probe.Id).Take(limit)
            .Select(probe => probe.Result).ToListAsync(cancellationToken);
        return [.. rows.Select(Read)];
    }

    public void Dispose() => _places.Dispose();

    private static ScepProbeResult Read(string json) => JsonSerializer.Deserialize<ScepProbeResult>(json)!;

    private async Task<(ProbeReport Report, string? Error)> RunAsync(ScepTransport transport, CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(Patience);
        try
        {
            var report = await ScepProbe.RunAsync(transport, clock, bounded.Token);
            return (report, report.Trouble?.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (new ProbeReport { Url = transport.Url, Reachable = false },
                $"it did not answer within {Patience.TotalSeconds:0} seconds.");
        }
    }

    private static ScepProbeResult Result(ProbeReport report, string? error, DateTimeOffset at, TimeSpan took)
    {
        var (caps, ca) = (report.Capabilities, report.IssuingCa);
        return new ScepProbeResult
        {
            Id = $"spr-{Guid.CreateVersion7(at)}",
            TargetUrl = report.Url.ToString(),
            Reachable = report.Reachable,
            AdvertisedCaps = caps.Lines,
            SupportsRfc8894 = caps.IsScepStandard,
            SupportsAes = caps.Aes,
            SupportsPostOperation = caps.Post,
            SupportsRenewal = caps.Renewal,
            SupportsSha256 = caps.Sha256,
            SupportsSha512 = caps.Sha512,
            CaCertSubject = ca?.Subject,
            CaCertIssuer = ca?.Issuer,
            CaCertNotBefore = ca?.NotBefore,
            CaCertNotAfter = ca?.NotAfter,
            CaCertExpired = ca is null ? null : ca.NotAfter <= at,
            CaCertDaysToExpiry = ca is null ? null : (int)Math.Floor((ca.NotAfter - at).TotalDays),
            CaCertAlgorithm = ca?.Key,
            CaCertChainLength = report.Certificates.Count(certificate => certificate.Role != "RA"),
            Warnings = report.Warnings,
            ProbedAt = at,
            ProbeDurationMs = (long)took.TotalMilliseconds,
            Error = error,
        };
    }
}
