using System.Collections.Concurrent;
using System.Formats.Asn1;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Issuers;
using Certctl.Application.Publication.Ocsp;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Issuers.LocalCa;
using Certctl.Infrastructure.Publication.Ocsp;
using Certctl.Tests.Fakes;
using Certctl.Tests.Infrastructure.Compliance;
using Certctl.Tests.Infrastructure.Issuers.LocalCa;
using NSubstitute;
using Xunit;

namespace Certctl.Tests.Infrastructure.Publication.Ocsp;

/// <summary>A responder of one CA over a database in memory.</summary>
internal sealed class OcspBench : IDisposable
{
    public static readonly DateTimeOffset RevokedAt = TestCa.Now.AddDays(-1);

    private readonly OcspMetrics _metrics = new();

    public OcspBench(
        KeyPair? ca = null,
        TimeProvider? clock = null,
        string? folder = null,
        Secret? passphrase = null,
        ICertificateIssuer? issuer = null,
        ICertificateIssuer? next = null,
        TimeProvider? database = null)
    {
        Ca = ca ?? TestCa.Root();
        Clock = clock ?? TimeProvider.System;
        Issuer = issuer as IPublishesStatus ?? new LocalCaIssuer(Ca, TestCa.Plain, Clock);
        Audit.AppendAsync(Arg.Do<AuditEvent>(Events.Enqueue), Arg.Any<CancellationToken>()).Returns(_ => AuditWrites());
        Codec = new OcspCodec();
        Signers = new OcspSigners(folder, passphrase, SignersLog);
        var time = new DatabaseClock(database is null ? null : _ => Task.FromResult(database.GetUtcNow()), Clock);
        Keys = new ResponderKeys(new IssuerRegistry(new IssuerGenerations(Issuer, next)), Signers, Audit, time, Clock, KeysLog);
        Responder = new OcspResponder(Codec, Keys, Store, time, _metrics, Clock, Log);
    }

    public KeyPair Ca { get; }

    public TimeProvider Clock { get; }

    public IPublishesStatus Issuer { get; }

    public FakeRevocations Store { get; } = new();

    public IAuditRepository Audit { get; } = Substitute.For<IAuditRepository>();

    public ConcurrentQueue<AuditEvent> Events { get; } = new();

    public Func<Task> AuditWrites { get; set; } = () => Task.CompletedTask;

    public OcspCodec Codec { get; }

    public OcspSigners Signers { get; }

    public ResponderKeys Keys { get; }

    public OcspResponder Responder { get; }

    public LogLines<OcspResponder> Log { get; } = new();

    public LogLines<ResponderKeys> KeysLog { get; } = new();

    public LogLines<OcspSigners> SignersLog { get; } = new();

    public void Dispose()
    {
        Keys.Dispose();
        _metrics.Dispose();
    }

    /// <summary>A certificate is in the database; its serial number.</summary>
    public string Issue(string serialNumber, DateTimeOffset? notAfter = null)
    {
        Store.Issue(serialNumber.PadLeft(40, '0'), Issuer.KeyId, notAfter ?? Clock.GetUtcNow().AddDays(90));
        return serialNumber.PadLeft(40, '0');
    }

    public Task<OcspReply> AskAsync(string serialNumber, CancellationToken cancellationToken = default) =>
        Responder.AnswerAsync(Issuer, serialNumber.PadLeft(40, '0'), cancellationToken);

    public Task<OcspReply> AskAsync(byte[] request) => Responder.AnswerAsync(Issuer, request, CancellationToken.None);
}

/// <summary>A response as the platform's ASN.1 reader finds it.</summary>
internal sealed class ParsedResponse
{
    private static readonly Asn1Tag[] Tags = [.. Enumerable.Range(0, 3).Select(n => new Asn1Tag(TagClass.ContextSpecific, n))];

    public ParsedResponse(byte[] der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
        Assert.Equal("0A0100", Convert.ToHexString(outer.ReadEncodedValue().Span));
        var bytes = outer.ReadSequence(Tags[0]).ReadSequence();
        Assert.False(outer.HasData);
        Assert.Equal("1.3.6.1.5.5.7.48.1.1", bytes.ReadObjectIdentifier());
        var basic = new AsnReader(bytes.ReadOctetString(), AsnEncodingRules.DER).ReadSequence();
        ToBeSigned = basic.PeekEncodedValue().ToArray();
        var data = basic.ReadSequence();
        Algorithm = Convert.ToHexString(basic.ReadEncodedValue().Span);
        Signature = basic.ReadBitString(out _);
        Certificates = basic.ReadSequence(Tags[0]).ReadSequence().ReadEncodedValue().ToArray();
        Assert.False(basic.HasData);

        ResponderKeyHash = data.ReadSequence(Tags[2]).ReadOctetString();
        ProducedAt = Time(data);
        var list = data.ReadSequence();
        while (list.HasData)
            Entries.Add(new Entry(list.ReadSequence()));
        if (data.HasData)
            Extensions = Convert.ToHexString(data.ReadSequence(Tags[1]).ReadEncodedValue().Span);
        Assert.False(data.HasData);
    }

    public byte[] ToBeSigned { get; }

    public string Algorithm { get; }

    public byte[] Signature { get; }

    /// <summary>The one certificate in it.</summary>
    public byte[] Certificates { get; }

    public byte[] ResponderKeyHash { get; }

    /// <summary>As text: YYYYMMDDHHMMSSZ.</summary>
    public string ProducedAt { get; }

    public List<Entry> Entries { get; } = [];

    public string? Extensions { get; }

    /// <summary>Good, revoked or unknown, for an answer to one entry.</summary>
    public static string StatusOf(OcspReply reply) => Assert.Single(new ParsedResponse(reply.Der).Entries).Status;

    private static string Time(AsnReader reader)
    {
        var value = reader.ReadEncodedValue().Span;
        Assert.Equal(0x18, value[0]);
        return System.Text.Encoding.ASCII.GetString(value[2..]);
    }

    internal sealed class Entry
    {
        public Entry(AsnReader fields)
        {
            CertId = Convert.ToHexString(fields.ReadEncodedValue().Span);
            var tag = fields.PeekTag();
            if (tag.TagValue == 1)
            {
                var revoked = fields.ReadSequence(Tags[1]);
                (Status, RevokedAt) = ("revoked", Time(revoked));
                Reason = revoked.HasData ? Convert.ToHexString(revoked.ReadSequence(Tags[0]).ReadEncodedValue().Span) : null;
            }
            else
            {
                fields.ReadNull(tag);
                Status = tag.TagValue == 0 ? "good" : "unknown";
            }

            ThisUpdate = Time(fields);
            NextUpdate = Time(fields.ReadSequence(Tags[0]));
            if (fields.HasData)
                Extensions = Convert.ToHexString(fields.ReadSequence(Tags[1]).ReadEncodedValue().Span);
            Assert.False(fields.HasData);
        }

        public string CertId { get; }

        public string Status { get; }

        public string? RevokedAt { get; }

        public string? Reason { get; }

        public string ThisUpdate { get; }

        public string NextUpdate { get; }

        public string? Extensions { get; }
    }
}
