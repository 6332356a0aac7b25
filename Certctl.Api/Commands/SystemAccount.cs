using System.Globalization;
using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Api.Commands;

/// <summary>The account of the system that a verb runs under; never empty.</summary>
internal static class SystemAccount
{
    // A container may run under a number that no account has.
    public static string Name { get; } = Environment.UserName is { Length: > 0 } name
        ? name
        : string.Create(CultureInfo.InvariantCulture, $"uid-{KeyFileMode.EffectiveUser}");
}
