using System.Text;
using System.Text.RegularExpressions;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.X509;

namespace Certctl.Infrastructure.Issuers.LocalCa;

/// <summary>One subtree of a CA's nameConstraints: a kind of name, and the base that names of that kind are compared with.</summary>
internal sealed partial class NameSubtree
{
    private string _text = string.Empty;
    private ReadOnlyMemory<byte> _network;
    private IReadOnlyList<IReadOnlyList<NameAttribute>> _rdns = [];

    public required SubjectAltNameKind Kind { get; init; }

    public bool IsComparable =>
        Kind is SubjectAltNameKind.DnsName or SubjectAltNameKind.Rfc822Name
            or SubjectAltNameKind.Uri or SubjectAltNameKind.IpAddress or SubjectAltNameKind.DirectoryName;

    /// <summary>Reads one GeneralSubtree (RFC 5280 §4.2.1.10).</summary>
    public static bool TryRead(ref DerReader list, out NameSubtree? subtree, out string? defect)
    {
        (subtree, defect) = (null, "a subtree has no readable base");
        if (!list.TryEnter(DerTag.Sequence, out var fields)
            || !fields.TryReadAny(out var tag, out var content, out _) || (tag & 0x1F) > 8 || tag < 0x80)
            return false;

        // RFC 5280 §4.2.1.10: minimum is zero, maximum is absent. Compat: some encoders write the zero, which DER leaves out.
        var readsMinimum = fields.TryRead(DerTag.Context(0), out var minimum);
        if (!fields.AtEnd || (readsMinimum && !minimum.Span.SequenceEqual((ReadOnlySpan<byte>)[0])))
        {
            defect = "a subtree has a minimum or a maximum";
            return false;
        }

        var read = new NameSubtree { Kind = (SubjectAltNameKind)(tag & 0x1F) };
        if (!read.TryReadBase(tag, content))
            return false;
        (subtree, defect) = (read, null);
        return true;
    }

    public bool Permits(ConstrainedName name) => Kind switch
    {
        SubjectAltNameKind.DnsName => IsBelow(name.Text),
        SubjectAltNameKind.Rfc822Name => MatchesMailbox(name.Text),
        SubjectAltNameKind.Uri => MatchesHost(name.Text),
        SubjectAltNameKind.IpAddress => IsInNetwork(name.Address.Span),
        SubjectAltNameKind.DirectoryName => Begins(name.Rdns),
        _ => false,
    };

    /// <summary>
    /// As <see cref="Permits"/>, but in doubt the name is excluded: an empty base is everything,
    /// and a wildcard stands for each name that it can become.
    /// </summary>
    public bool Excludes(ConstrainedName name) =>
        Permits(name)
        || (Kind is SubjectAltNameKind.Rfc822Name or SubjectAltNameKind.Uri && _text.Length == 0)
        || (Kind == SubjectAltNameKind.DnsName && name.Text.StartsWith("*.", StringComparison.Ordinal)
            && _text.EndsWith(name.Text[1..], StringComparison.OrdinalIgnoreCase));

    private bool TryReadBase(byte tag, ReadOnlyMemory<byte> content)
    {
        switch (tag)
        {
            case 0x81 or 0x82 or 0x86:
                _text = Encoding.Latin1.GetString(content.Span);
                return VisibleAscii().IsMatch(_text);
            case 0x87:
                // RFC 5280 §4.2.1.10: address and mask, 8 octets for IPv4, 32 for IPv6.
                _network = content;
                return content.Length is 8 or 32;
            case 0xA4:
                var isName = NameReader.TryRead(content, out var name, out _);
                _rdns = name?.Rdns ?? [];
                return isName;
            default:
                // The kinds that are only counted; a string or an address in constructed form is none of them.
                return !IsComparable;
        }
    }

    // RFC 5280 §4.2.1.10: the base with zero or more labels to its left.
    // A leading period (common, though not in the RFC for DNS names) wants one or more.
    private bool IsBelow(string host) =>
        _text.Length == 0
        || host.EndsWith(_text.StartsWith('.') ? _text : $".{_text}", StringComparison.OrdinalIgnoreCase)
        || host.Equals(_text, StringComparison.OrdinalIgnoreCase);

    // RFC 5280 §4.2.1.10: a mailbox, all mailboxes of a host, or (with a leading period) those of every host in a domain. §7.5:
    // the local part has case.
    private bool MatchesMailbox(string mailbox)
    {
        var (local, host) = Split(mailbox);
        var (onlyLocal, onlyHost) = Split(_text);
        return _text.Contains('@', StringComparison.Ordinal)
            ? local == onlyLocal && host.Equals(onlyHost, StringComparison.OrdinalIgnoreCase)
            : MatchesHost(host);
    }

    // RFC 5280 §4.2.1.10: exactly this host, or with a leading period every host with more labels.
    private bool MatchesHost(string host) =>
        _text.Length > 0
        && (_text[0] == '.'
            ? host.EndsWith(_text, StringComparison.OrdinalIgnoreCase)
            : host.Equals(_text, StringComparison.OrdinalIgnoreCase));

    private bool IsInNetwork(ReadOnlySpan<byte> address)
    {
        if (_network.Length != address.Length * 2)
            return false;
        var network = _network.Span[..address.Length];
        var mask = _network.Span[address.Length..];
        for (var i = 0; i < address.Length; i++)
        {
            if ((address[i] & mask[i]) != (network[i] & mask[i]))
                return false;
        }

        return true;
    }

    // RFC 5280 §7.1: the base is a prefix of the name, RDN by RDN.
    private bool Begins(IReadOnlyList<IReadOnlyList<NameAttribute>> rdns) =>
        rdns.Count >= _rdns.Count && _rdns.Zip(rdns).All(pair => SameRdn(pair.First, pair.Second));

    private static bool SameRdn(IReadOnlyList<NameAttribute> one, IReadOnlyList<NameAttribute> other) =>
        one.Count == other.Count
        && one.All(attribute => other.Any(candidate => candidate.Oid == attribute.Oid && Fold(candidate.Value) == Fold(attribute.Value)));

    // RFC 5280 §7.1 by way of RFC 4518: without case, with one space where there are several, whatever the string type.
    private static string Fold(string value) => Spaces().Replace(value.Normalize(NormalizationForm.FormKC).Trim(), " ").ToUpperInvariant();

    private static (string Local, string Host) Split(string mailbox)
    {
        var at = mailbox.LastIndexOf('@');
        return at < 0 ? (string.Empty, mailbox) : (mailbox[..at], mailbox[(at + 1)..]);
    }

    [GeneratedRegex("^[\\x21-\\x7E]*\\z", RegexOptions.CultureInvariant)]
    private static partial Regex VisibleAscii();

    [GeneratedRegex("\\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Spaces();
}
