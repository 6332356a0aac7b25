using System.Net;
using System.Text.RegularExpressions;

namespace Certctl.Api.Configuration;

/// <summary>
/// The variables that Kubernetes puts into every container for each Service of its namespace ("service links"): those of a Service named
/// certctl, or certctl-db, begin as ours do. They are told by their values, because <c>CERTCTL_SERVICE_PORT=8443</c> alone is a misspelt
/// <c>CERTCTL_SERVER_PORT</c>.
/// </summary>
internal static partial class ServiceLinks
{
    /// <summary>Names of <paramref name="environment"/> that Kubernetes set.</summary>
    public static IReadOnlyList<string> Find(IReadOnlyDictionary<string, string> environment)
    {
        // NAME_PORT=tcp://10.0.0.1:8443 and NAME_PORT_8443_TCP of the same value are there for every Service; no setting of ours has such a
        // value. The first one alone does not do: where the pod sets a variable of that name itself, CERTCTL_SERVER_PORT beside a Service
        // named certctl-server, its value is the pod's.
        var services = environment
            .Where(pair => IsAddress(pair.Value))
            .Select(pair => ServicePort().Match(pair.Key).Groups["service"].Value)
            .ToHashSet(StringComparer.Ordinal);
        return [
            .. environment.Where(pair => IsLink(pair.Key, pair.Value, services)).Select(pair => pair.Key).Order(StringComparer.Ordinal),
        ];
    }

    public static bool IsAddress(string value) => Address().IsMatch(value);

    private static bool IsLink(string name, string value, HashSet<string> services) =>
        (Link().Match(name) is { Success: true } link && services.Contains(link.Groups["service"].Value) && Fits(link, value))
        || (PortLink().Match(name) is { Success: true } port && FitsPort(port.Groups["part"].Value, value));

    private static bool Fits(Match link, string value) => link.Groups["kind"].Value switch
    {
        "PORT" => IsAddress(value),
        "SERVICE_HOST" => IPAddress.TryParse(value, out _),
        _ => ushort.TryParse(value, out _),
    };

    private static bool FitsPort(string part, string value) => part switch
    {
        "" => IsAddress(value),
        "_PROTO" => value is "tcp" or "udp" or "sctp",
        "_PORT" => ushort.TryParse(value, out _),
        _ => IPAddress.TryParse(value, out _),
    };

    [GeneratedRegex(@"^(?:tcp|udp|sctp)://\S+:[0-9]{1,5}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Address();

    [GeneratedRegex(@"^(?<service>CERTCTL(?:_[A-Z0-9_]+?)??)_PORT(?:_[0-9]{1,5}_(?:TCP|UDP|SCTP))?\z", RegexOptions.CultureInvariant)]
    private static partial Regex ServicePort();

    [GeneratedRegex(
        @"^(?<service>CERTCTL(?:_[A-Z0-9_]+?)??)_(?:(?<kind>PORT)|(?<kind>SERVICE_HOST)|(?<kind>SERVICE_PORT)(?:_[A-Z0-9_]+)?)\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Link();

    [GeneratedRegex(
        @"^CERTCTL(?:_[A-Z0-9_]+?)??_PORT_[0-9]{1,5}_(?:TCP|UDP|SCTP)(?<part>|_PROTO|_PORT|_ADDR)\z", RegexOptions.CultureInvariant)]
    private static partial Regex PortLink();
}
