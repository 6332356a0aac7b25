using System.Runtime.CompilerServices;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Publication;
using Certctl.Domain.Certificates;
using Certctl.Tests.Fakes;
using Certctl.Tests.Infrastructure.Persistence;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Certctl.Tests.Application.Publication;

public sealed class CrlPublisherTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 25, 12, 0, 5, TimeSpan.Zero);

    private readonly FakeTimeProvider _clock = new(Now);
    private readonly Revoked _revoked = new();
    private readonly Pen _pen = new();
    private readonly FakeIssuer _issuer;
    private readonly CrlPublisher _publisher;

    public CrlPublisherTests()
    {
        _issuer = new FakeIssuer(Now.AddYears(5)) { Crls = _pen };
        _publisher = new CrlPublisher(_revoked, new DatabaseClock(ask: null, _clock), _clock);
    }

    public void Dispose() => _publisher.Dispose();

    [Fact]
    public async Task A_flood_costs_one_signature_an_interval()
    {
        var crls = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => _publisher.CurrentAsync(_issuer, default))));
        Assert.Single(_pen.Written);
        Assert.Single(crls.Distinct());

        _clock.Advance(TimeSpan.FromSeconds(10));
        await _publisher.CurrentAsync(_issuer, default);
        Assert.Equal(2, _pen.Written.Count);
        Assert.Equal(_pen.Written[0].ThisUpdate.AddSeconds(10), _pen.Written[1].ThisUpdate);
        Assert.All(_pen.Written, list => Assert.Equal(TimeSpan.FromHours(24), list.NextUpdate - list.ThisUpdate));
    }

    [Fact]
    public async Task Two_processes_make_the_same_list_and_the_next_one_has_a_greater_number()
    {
        var other = new CrlPublisher(_revoked, new DatabaseClock(ask: null, _clock), _clock);
        await _publisher.CurrentAsync(_issuer, default);

        // Within the interval, and the other's clock is a little late.
        _clock.Advance(TimeSpan.FromSeconds(3));
        await other.CurrentAsync(_issuer, default);
        Assert.Equal((_pen.Written[0].Number, _pen.Written[0].ThisUpdate), (_pen.Written[1].Number, _pen.Written[1].ThisUpdate));

        _clock.Advance(TimeSpan.FromSeconds(10));
        await other.CurrentAsync(_issuer, default);
        Assert.True(_pen.Written[2].Number > _pen.Written[1].Number);

        // A clock that was set back does not bring an older list.
        _clock.AdjustTime(Now);
        await other.CurrentAsync(_issuer, default);
        Assert.Equal(3, _pen.Written.Count);
    }

    [Fact]
    public async Task What_was_revoked_since_waits_for_the_next_and_the_expired_stays_a_day()
    {
        await _publisher.CurrentAsync(_issuer, default);
        var (revokedUntil, endsAfter) = Assert.Single(_revoked.Asked);
        Assert.Equal(Now.AddSeconds(-5), revokedUntil);
        Assert.Equal(revokedUntil.AddDays(-1), endsAfter);
    }

    [Fact]
    public async Task A_certificate_of_another_generation_of_the_CA_is_not_in_it()
    {
        var (own, foreign) = (Certificate("certificate of ours"), Certificate("another CA's"));
        _revoked.Certificates.AddRange([own, foreign]);
        await _publisher.CurrentAsync(_issuer, default);
        Assert.Equal(
            [new RevokedCertificate(own.SerialNumber, Now.AddDays(-1), RevocationReason.Superseded)], Assert.Single(_pen.Written).Entries);
    }

    [Fact]
    public async Task After_a_failure_the_next_asker_has_it_made_again()
    {
        _revoked.Fails = true;
        await Assert.ThrowsAsync<TimeoutException>(() => _publisher.CurrentAsync(_issuer, default));
        _revoked.Fails = false;
        Assert.NotNull(await _publisher.CurrentAsync(_issuer, default));
    }

    private static IssuedCertificate Certificate(string der)
    {
        var like = TestEntries.Certificate(Now);
        var certificate = new IssuedCertificate
        {
            IssuerId = like.IssuerId,
            SerialNumber = like.SerialNumber,
            ProfileId = like.ProfileId,
            PathId = like.PathId,
            Source = like.Source,
            Subject = like.Subject,
            CommonName = like.CommonName,
            SubjectAltNames = like.SubjectAltNames,
            NotBefore = like.NotBefore,
            NotAfter = like.NotAfter,
            KeyAlgorithm = like.KeyAlgorithm,
            PublicKeySha256 = like.PublicKeySha256,
            Sha256 = like.Sha256,
            Der = System.Text.Encoding.ASCII.GetBytes(der),
            CreatedAt = like.CreatedAt,
        };
        certificate.Revoke(RevocationReason.Superseded, Now.AddDays(-1));
        return certificate;
    }

    private sealed class Revoked : RevokedOnly
    {
        public List<IssuedCertificate> Certificates { get; } = [];

        public List<(DateTimeOffset RevokedUntil, DateTimeOffset EndsAfter)> Asked { get; } = [];

        public bool Fails { get; set; }

        public override async IAsyncEnumerable<IssuedCertificate> ListRevokedAsync(
            string issuerId,
            DateTimeOffset revokedUntil,
            DateTimeOffset endsAfter,
            [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.Yield();
            if (Fails)
                throw new TimeoutException("the database");
            Asked.Add((revokedUntil, endsAfter));
            foreach (var certificate in Certificates)
                yield return certificate;
        }
    }

    private sealed class Pen : ICrlWriter
    {
        public List<RevocationList> Written { get; } = [];

        public byte[] Write(RevocationList list)
        {
            Written.Add(list);
            return [0x30];
        }
    }
}
