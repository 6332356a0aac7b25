using System.Globalization;
using Certctl.Domain.Audit;

namespace Certctl.Infrastructure.Persistence.Repositories;

/// <summary>
/// Decides which refusals get a row of their own and counts the rest. A kind is (action, path, reason, source); each kind is listed five
/// times a minute and then counted; all kinds together are listed 600 times a minute, then counted without their source, so that ten
/// thousand sources make no more rows than one. Not thread-safe.
/// </summary>
internal sealed class RefusalCounter
{
    public const int ListedOfAKind = 5;
    public const int ListedInAll = 600;
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    // Kinds enter only with a listed row, so twice the minute's limit is never reached; paths and reasons are ours, so neither is this.
    private const int MaxKinds = 4096;

    private readonly Dictionary<Kind, Listed> _listed = [];
    private Dictionary<Kind, Counted> _counted = [];
    private Dictionary<Kind, Counted> _drained = [];
    private DateTimeOffset _minute = DateTimeOffset.MinValue;
    private int _listedThisMinute;

    /// <summary>True when something is counted that no row says yet.</summary>
    public bool HasCounted => _counted.Count > 0;

    /// <summary>True: write this one. False: it has been counted.</summary>
    public bool Admit(AuditEvent refusal, DateTimeOffset now)
    {
        if (now - _minute >= Window)
        {
            (_minute, _listedThisMinute) = (now, 0);
            foreach (var (old, _) in _listed.Where(pair => now - pair.Value.Since >= Window).ToList())
                _listed.Remove(old);
        }

        var kind = new Kind(refusal.Action, refusal.PathId, refusal.Reason, refusal.SourceAddress);
        var listed = _listed.GetValueOrDefault(kind);
        if (listed.Count == 0 || now - listed.Since >= Window)
            listed = new Listed(now, 0);
        if (listed.Count >= ListedOfAKind)
            return Count(kind, new Counted(refusal.Count, now, refusal));
        if (_listedThisMinute >= ListedInAll || _listed.Count >= MaxKinds)
            return Count(kind with { Source = null }, new Counted(refusal.Count, now, refusal));
        _listed[kind] = listed with { Count = listed.Count + 1 };
        _listedThisMinute++;
        return true;
    }

    /// <summary>Takes out what was counted, a row a kind. <see cref="TakeBack"/> undoes the last call.</summary>
    public IReadOnlyList<AuditEvent> Drain(DateTimeOffset now)
    {
        (_drained, _counted) = (_counted, []);
        return [.. _drained.Select(pair => Row(pair.Key, pair.Value, now))];
    }

    /// <summary>Counts again what was drained last: its rows could not be written.</summary>
    public void TakeBack()
    {
        foreach (var (kind, counted) in _drained)
            Count(kind, counted);
        _drained = [];
    }

    private bool Count(Kind kind, Counted more)
    {
        if (!_counted.ContainsKey(kind) && _counted.Count >= MaxKinds)
            kind = new Kind(kind.Action, null, null, null);
        _counted[kind] = _counted.TryGetValue(kind, out var counted)
            ? counted with { Count = counted.Count + more.Count, Since = counted.Since < more.Since ? counted.Since : more.Since }
            : more;
        return false;
    }

    private static AuditEvent Row(Kind kind, Counted counted, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        Timestamp = now,
        Actor = counted.Sample.Actor,
        ActorType = counted.Sample.ActorType,
        Action = kind.Action,
        Outcome = AuditOutcome.Refused,
        Reason = kind.Reason,
        Detail = string.Create(
            CultureInfo.InvariantCulture, $"{counted.Count} like refusals since {counted.Since.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}"),
        ResourceType = counted.Sample.ResourceType,
        ResourceId = "",
        PathId = kind.PathId,
        SourceAddress = kind.Source,
        Count = counted.Count,
    };

    private readonly record struct Kind(string Action, string? PathId, string? Reason, string? Source);

    private readonly record struct Listed(DateTimeOffset Since, int Count);

    private readonly record struct Counted(int Count, DateTimeOffset Since, AuditEvent Sample);
}
