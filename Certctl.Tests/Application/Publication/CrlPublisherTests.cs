using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Issuers;
using Certctl.Application.Publication;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Tests.Fakes;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Certctl.Tests.Application.Publication;

public sealed class CrlPublisherTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 25, 12, 0, 5, TimeSpan.Zero);
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(2);

    private readonly FakeTimeProvider _clock = new(Now);
    private readonly InMemoryCrls _store;
    private readonly FakeCrlWriter _writer = new();
    private readonly FakeIssuer _issuer;
    private readonly CrlPublisher _publisher;

    public CrlPublisherTests()
    {
        _store = new InMemoryCrls(_clock);
        _issuer = new FakeIssuer(Now.AddYears(5)) { Crls = _writer };
        _publisher = Publisher();
    }

    [Fact]
    [Trait("Conformance", "L-13")]
    public async Task A_revocation_is_in_the_next_list_and_a_flood_of_them_costs_one()
    {
        await _publisher.LookAsync(default);
        Assert.Equal(0, _publisher.Find(_issuer)!.Entries);
        for (var i = 0; i < 50; i++)
            Revoke($"{i:x40}");
        await _publisher.LookAsync(default);
        Assert.Single(_writer.Written);

        _clock.Advance(CrlTimes.Default.Coalesce);
        await _publisher.LookAsync(default);
        await _publisher.LookAsync(default);
        Assert.Equal(2, _writer.Written.Count);
        Assert.Equal(50, _publisher.Find(_issuer)!.Entries);
        Assert.Equal([AuditAction.CrlPublished, AuditAction.CrlPublished], _store.Events.Select(line => line.Action));
    }

    [Fact]
    [Trait("Conformance", "L-4")]
    public async Task The_next_list_comes_at_half_of_the_validity_and_nextUpdate_never_falls()
    {
        await _publisher.LookAsync(default);
        _clock.Advance(TimeSpan.FromHours(12) - TimeSpan.FromSeconds(1));
        await _publisher.LookAsync(default);
        Assert.Single(_writer.Written);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await _publisher.LookAsync(default);
        Assert.Equal(TimeSpan.FromHours(24), _writer.Written[1].Header.NextUpdate - _writer.Written[1].Header.ThisUpdate);

        await Publisher(new CrlTimes(TimeSpan.FromHours(1))).LookAsync(default);
        Revoke("01");
        _clock.Advance(TimeSpan.FromMinutes(31));
        await Publisher(new CrlTimes(TimeSpan.FromHours(1))).LookAsync(default);
        Assert.Equal(3, _writer.Written.Count);
        Assert.Equal(_writer.Written[1].Header.NextUpdate, _writer.Written[2].Header.NextUpdate);
        Assert.True(_writer.Written[2].Header.NextUpdate > _writer.Written[2].Header.ThisUpdate);
    }

    [Fact]
    [Trait("Conformance", "L-7")]
    public async Task Numbers_grow_when_the_clock_is_set_back_and_when_a_backup_is_restored()
    {
        await _publisher.LookAsync(default);
        _clock.AdjustTime(Now.AddHours(-3));
        Revoke("01");
        var behind = Publisher();
        await behind.LookAsync(default);
        _clock.AdjustTime(Now.AddHours(13));
        await behind.LookAsync(default);
        var numbers = _writer.Written.ConvertAll(list => list.Header.Number);
        Assert.Equal([.. numbers.Order().Distinct()], numbers);

        // The clock that was ahead does not keep a revocation out of the list.
        Assert.Equal(3, _writer.Written.Count);
        Assert.Single(_writer.Written[1].Entries);

        // The database of an hour ago has forgotten what was published since.
        var restored = new InMemoryCrls(_clock);
        _clock.Advance(TimeSpan.FromHours(1));
        await Publisher(store: restored).LookAsync(default);
        Assert.True(restored.Stored!.Number > _store.Stored!.Number);
    }

    [Fact]
    [Trait("Conformance", "L-7")]
    public async Task A_list_that_a_restored_database_has_forgotten_stays_and_the_next_one_is_greater()
    {
        await _publisher.LookAsync(default);
        _clock.Advance(CrlTimes.Default.Coalesce);
        var backup = _store.Stored!;
        Revoke("01");
        await _publisher.LookAsync(default);
        var lost = _publisher.Find(_issuer)!;

        _store.Restore(backup);
        await _publisher.LookAsync(default);
        Assert.True(_publisher.Find(_issuer)!.Number > lost.Number);
        Assert.Same(_publisher.Find(_issuer), _store.Stored);
    }

    [Fact]
    public async Task A_CA_whose_key_fails_keeps_no_other_CA_from_its_list()
    {
        var broken = new FakeIssuer(Now.AddYears(5)) { Crls = new BrokenWriter(), KeyId = "broken" };
        var publisher = new CrlPublisher(
            new IssuerRegistry(new IssuerGenerations(broken, _issuer)),
            _store, new InMemoryCrls(_clock), new DatabaseClock(ask: null, _clock), _clock, CrlTimes.Default);
        await Assert.ThrowsAsync<System.Security.Cryptography.CryptographicException>(() => publisher.LookAsync(default));
        Assert.Null(publisher.Find(broken));
        Assert.NotNull(publisher.Find(_issuer));
    }

    [Fact]
    [Trait("Conformance", "L-12")]
    public async Task An_entry_stays_for_the_validity_of_a_list_after_its_certificate_has_ended()
    {
        await _publisher.LookAsync(default);
        Assert.Equal(Now.AddHours(-24), Assert.Single(_store.EndsAfter));
    }

    [Fact]
    public async Task One_process_makes_the_list_and_the_other_takes_it_over()
    {
        var other = Publisher();
        var making = new TaskCompletionSource();
        _store.BeforeList = () => making.Task;
        var first = _publisher.LookAsync(default);
        await other.LookAsync(default);
        Assert.Null(other.Find(_issuer));

        making.SetResult();
        await first.WaitAsync(Bound);
        await other.LookAsync(default);
        Assert.Single(_writer.Written);
        Assert.Same(_publisher.Find(_issuer), other.Find(_issuer));
    }

    [Fact]
    public async Task A_process_that_stopped_in_the_middle_is_replaced_and_what_it_makes_later_is_not_published()
    {
        var other = Publisher();
        var stopped = new TaskCompletionSource();
        _store.BeforeList = () => stopped.Task;
        var late = _publisher.LookAsync(default);
        _store.BeforeList = () => Task.CompletedTask;

        // No timer of the stopped process runs: its lease lapses.
        _clock.AdjustTime(Now + CrlTimes.Default.Lease);
        Revoke("01");
        await other.LookAsync(default);
        Assert.Equal(1, other.Find(_issuer)!.Entries);

        stopped.SetResult();
        Assert.Empty(await late.WaitAsync(Bound));
        Assert.Equal(other.Find(_issuer), _store.Stored);
    }

    [Fact]
    public async Task After_a_failure_the_next_look_makes_it_again()
    {
        _store.Fault = new TimeoutException("the database");
        await Assert.ThrowsAsync<TimeoutException>(() => _publisher.LookAsync(default));
        _store.Fault = null;
        Assert.Single(await _publisher.LookAsync(default));
    }

    [Fact]
    public async Task The_first_request_waits_for_the_first_list_and_no_longer_than_it_may()
    {
        var asked = _publisher.CurrentAsync(_issuer, default);
        var impatient = _publisher.CurrentAsync(new FakeIssuer(Now.AddYears(5)) { KeyId = "other" }, default);
        Assert.False(asked.IsCompleted);
        await _publisher.LookAsync(default);
        Assert.Same(_publisher.Find(_issuer), await asked.WaitAsync(Bound));

        _clock.Advance(CrlTimes.Default.MaxWait);
        await Assert.ThrowsAsync<TimeoutException>(() => impatient.WaitAsync(Bound));
    }

    [Fact]
    [Trait("Conformance", "L-12")]
    public async Task The_list_of_a_retired_CA_goes_on_until_one_was_made_after_its_last_certificate_had_ended()
    {
        _store.LastEnd = Now.AddHours(30);
        var retired = new FakeIssuer(Now.AddYears(5)) { Crls = _writer, KeyId = "the one before", IsRetired = true };
        var publisher = Publisher(retired: retired);
        foreach (var (hours, lists, isLast) in new[] { (0, 1, false), (12, 2, false), (24, 3, false), (36, 4, true), (48, 4, false) })
        {
            _clock.AdjustTime(Now.AddHours(hours));

            // Beside it the CA that issues, which has revoked.
            Revoke($"{hours:x40}");
            var made = await publisher.LookAsync(default);
            Assert.Equal((lists, isLast), (_writer.Written.Count, made.Any(crl => crl.LastOf == "iss-local-the one before")));
            Assert.NotNull(publisher.Find(retired));
        }

        Assert.EndsWith(", the last one", _store.Events[^1].Detail, StringComparison.Ordinal);
        _clock.AdjustTime(Now.AddHours(60));
        await publisher.LookAsync(default);
        Assert.Null(publisher.Find(retired));
        Assert.True(publisher.HasEnded(retired, partition: null));
        Assert.Equal(4, _writer.Written.Count);
    }

    [Fact]
    public async Task Of_a_CA_whose_key_is_destroyed_the_stored_list_is_served_until_nextUpdate()
    {
        await _publisher.LookAsync(default);
        var keyless = new FakeIssuer(Now.AddYears(5)) { IsRetired = true, HasKey = false };
        var publisher = Publisher(retired: keyless);
        Revoke("01");
        _clock.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(6));
        await publisher.LookAsync(default);
        Assert.Same(_store.Stored, publisher.Find(keyless));
        Assert.False(publisher.HasEnded(keyless, partition: null));
        _clock.Advance(TimeSpan.FromSeconds(6));
        await publisher.LookAsync(default);
        Assert.Null(publisher.Find(keyless));
        Assert.True(publisher.HasEnded(keyless, partition: null));
        Assert.Single(_writer.Written);
    }

    [Fact]
    [Trait("Conformance", "L-11")]
    public async Task Of_a_CA_whose_key_is_destroyed_the_delta_CRL_is_served_until_its_own_nextUpdate()
    {
        const string Url = "http://pki.example/delta/ca.crl";
        var times = CrlTimes.Default with { DeltaValidity = TimeSpan.FromHours(1) };
        var issuer = new FakeIssuer(Now.AddYears(5)) { Crls = _writer, FreshestUrl = Url };
        var before = new CrlPublisher(
            new IssuerRegistry(new IssuerGenerations(issuer)), _store, _store, new DatabaseClock(ask: null, _clock), _clock, times);
        await before.LookAsync(default);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await before.LookAsync(default);

        var keyless = new FakeIssuer(Now.AddYears(5)) { IsRetired = true, HasKey = false, FreshestUrl = Url };
        var publisher = Publisher(times, retired: keyless);
        await publisher.LookAsync(default);
        Assert.NotNull(publisher.Find(keyless, CrlScope.Delta));
        Assert.Same(before.Find(issuer, CrlScope.Delta), publisher.Find(keyless, CrlScope.Delta));
        _clock.Advance(TimeSpan.FromHours(1));
        await publisher.LookAsync(default);
        Assert.Null(publisher.Find(keyless, CrlScope.Delta));
        Assert.Equal((false, true), (publisher.HasEnded(keyless, partition: null), publisher.HasEnded(keyless, CrlScope.Delta)));
        Assert.Equal(2, _writer.Written.Count);
    }

    [Fact]
    public async Task A_list_that_was_being_made_while_a_reload_took_its_CA_away_is_not_held()
    {
        var gone = new FakeIssuer(Now.AddYears(5)) { Crls = _writer, IsRetired = true };
        var generations = new IssuerGenerations(new FakeIssuer(Now.AddYears(9)) { KeyId = "the one in use" }, retired: [gone]);
        var publisher = new CrlPublisher(
            new IssuerRegistry(generations), _store, _store, new DatabaseClock(ask: null, _clock), _clock, CrlTimes.Default);
        var making = new TaskCompletionSource();
        _store.LastEnd = Now.AddDays(1);
        _store.BeforeList = () => making.Task;
        var look = publisher.LookAsync(default);
        Assert.False(look.IsCompleted);

        generations.ExchangeRetired([]);
        publisher.Forget(gone);
        making.SetResult();
        Assert.NotEmpty(await look.WaitAsync(Bound));
        Assert.Empty(publisher.Held);
    }

    [Fact]
    [Trait("Conformance", "L-10")]
    public async Task Of_partitions_only_those_that_changed_are_made_each_for_its_own_URL_and_with_its_own_numbers()
    {
        string[] urls = ["http://pki.example/crl/ca/0-01234567.crl", "http://pki.example/crl/ca/1-01234567.crl"];
        foreach (var url in urls)
            _store.Partitions[url] = (0, []);
        await _publisher.LookAsync(default);
        Assert.Equal([null, .. urls], _writer.Written.Select(list => list.Header.Partition).Order(StringComparer.Ordinal));
        Assert.Equal(0, _publisher.Find(_issuer, "1-01234567")!.Entries);
        Assert.Null(_publisher.Find(_issuer, "2-01234567"));
        Assert.Equal(
            ["iss-local-0123456789abcdef", "iss-local-0123456789abcdef/0-01234567", "iss-local-0123456789abcdef/1-01234567"],
            _publisher.Held.Select(held => held.Name).Order(StringComparer.Ordinal));

        var before = _publisher.Find(_issuer, "1-01234567")!.Number;
        var one = new RevokedCertificate("01", Now, RevocationReason.KeyCompromise);
        _store.Partitions[urls[1]] = (1, [one]);
        Revoke("01");
        _writer.Written.Clear();
        _clock.Advance(CrlTimes.Default.Coalesce);
        await _publisher.LookAsync(default);
        Assert.Equal([null, urls[1]], _writer.Written.Select(list => list.Header.Partition).Order(StringComparer.Ordinal));
        Assert.All(_writer.Written, list => Assert.Equal("01", Assert.Single(list.Entries).SerialNumber));
        Assert.True(_publisher.Find(_issuer, "1-01234567")!.Number > before);
        Assert.Equal(0, _publisher.Find(_issuer, "0-01234567")!.Entries);

        // Another process takes them over; those of a CA that is gone are gone.
        var other = Publisher();
        await other.LookAsync(default);
        Assert.Same(_publisher.Find(_issuer, "1-01234567"), other.Find(_issuer, "1-01234567"));
        Assert.Equal(2, _writer.Written.Count);
        other.Forget(_issuer);
        Assert.Empty(other.Held);
    }

    [Fact]
    [Trait("Conformance", "L-11")]
    public async Task Delta_CRLs_go_by_a_complete_list_that_is_valid_and_share_its_numbers()
    {
        const string Url = "http://pki.example/delta/ca.crl";
        var issuer = new FakeIssuer(Now.AddYears(5)) { Crls = _writer, FreshestUrl = Url };
        var publisher = new CrlPublisher(
            new IssuerRegistry(new IssuerGenerations(issuer)), _store, _store, new DatabaseClock(ask: null, _clock), _clock,
            CrlTimes.Default with { DeltaValidity = TimeSpan.FromHours(1) });

        // Never both in one second.
        await publisher.LookAsync(default);
        await publisher.LookAsync(default);
        var first = Assert.Single(_writer.Written).Header;
        Assert.Equal((null, Url), (first.BaseNumber, first.FreshestUrl));
        var (bases, changes) = (new List<long>(), new List<int>());
        for (var minute = 1; minute <= 27 * 60; minute++)
        {
            if (minute == 5 || minute == 20 * 60)
                Revoke($"{minute:x40}");
            for (var second = 0; second < 3; second++)
            {
                _clock.AdjustTime(Now.AddMinutes(minute).AddSeconds(second));
                await publisher.LookAsync(default);
            }
        }

        var lists = _writer.Written.ConvertAll(list => list.Header);
        Assert.Equal([.. lists.Select(list => list.Number).Order().Distinct()], lists.Select(list => list.Number));
        Assert.Equal(lists.Count, lists.Select(list => list.ThisUpdate).Distinct().Count());
        var complete = lists.Where(list => list.BaseNumber is null).ToList();
        foreach (var (delta, entries) in _writer.Written.Where(list => list.Header.BaseNumber is not null))
        {
            var since = Assert.Single(complete, list => list.Number == delta.BaseNumber);
            Assert.True(since.Number <= delta.Number && delta.ThisUpdate - since.ThisUpdate <= TimeSpan.FromHours(24));
            Assert.Equal((TimeSpan.FromHours(1), null), (delta.NextUpdate - delta.ThisUpdate, delta.FreshestUrl));
            bases.Add(since.Number);
            changes.Add(entries.Count);
        }

        // A delta CRL at least every half an hour, and after each complete list.
        Assert.True(bases.Count >= 2 * 27);
        Assert.All(complete, list => Assert.Contains(lists, delta => delta.BaseNumber is not null && delta.ThisUpdate > list.ThisUpdate
            && delta.ThisUpdate <= list.ThisUpdate.AddMinutes(1)));
        Assert.Equal(2, bases.Distinct().Count());
        Assert.Equal([0, 1, 2], changes.Distinct().Order());
        Assert.NotNull(publisher.Find(issuer, CrlScope.Delta));
    }

    private sealed class BrokenWriter : ICrlWriter
    {
        public Task<PublishedCrl> WriteAsync(
            CrlHeader header, IAsyncEnumerable<RevokedCertificate> entries, CancellationToken cancellationToken) =>
            throw new System.Security.Cryptography.CryptographicException("the key");
    }

    private void Revoke(string serial)
    {
        _store.Revoked.Add(new RevokedCertificate(serial, _clock.GetUtcNow(), RevocationReason.Superseded));
        _store.Epoch++;
    }

    private CrlPublisher Publisher(CrlTimes? times = null, InMemoryCrls? store = null, FakeIssuer? retired = null) => new(
        new IssuerRegistry(retired is null
            ? new IssuerGenerations(_issuer)
            : new IssuerGenerations(new FakeIssuer(Now.AddYears(9)), retired: [retired])),
        store ?? _store,
        store ?? _store,
        new DatabaseClock(ask: null, _clock),
        _clock,
        times ?? CrlTimes.Default);
}
