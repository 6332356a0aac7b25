using System.Text.Json;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Challenges.SignedToken;

/// <summary>Reads the "v1" claim set, strictly: names as they are written, each claim of its type, what is required present.</summary>
internal sealed class IntuneClaimReader
{
    private const string Version = "v1";
    private const int MaxText = 1024;
    private const int MaxNames = 100;

    // The last second of the year 9998: a tolerance can be added.
    private const long MaxSeconds = 253_370_764_799;

    private readonly JsonElement _claims;

    private IntuneClaimReader(JsonElement claims) => _claims = claims;

    /// <summary>The first thing that is wrong; a claim without it is not to be used.</summary>
    private string? Defect { get; set; }

    /// <summary>The claims, or why there are none.</summary>
    public static (IntuneClaim? Claim, EnrolmentFailure? Failure) Read(byte[] payload)
    {
        using var json = StrictJson.ReadObject(payload, out var defect);
        if (json is null)
            return Malformed($"payload: {defect}");
        var reader = new IntuneClaimReader(json.RootElement);
        var version = reader.Text("version", required: false);
        if (reader.Defect is null && version is not (null or Version))
            return (null, new EnrolmentFailure(FailureReason.IntuneUnknownVersion, $"version is not {Version}"));
        var claim = reader.Claim();
        return reader.Defect is null ? (claim, null) : Malformed(reader.Defect);
    }

    private static (IntuneClaim?, EnrolmentFailure?) Malformed(string detail) =>
        (null, new EnrolmentFailure(FailureReason.IntuneMalformed, detail));

    private IntuneClaim Claim() => new()
    {
        Issuer = Text("iss", required: true) ?? "",
        Subject = Text("sub", required: true) ?? "",
        Nonce = Text("nonce", required: true) ?? "",
        Audiences = Audiences(),
        IssuedAt = Time("iat") ?? default,
        ExpiresAt = Time("exp") ?? default,
        NotBefore = Time("nbf", required: false),
        DeviceName = Text("device_name", required: false),
        DnsNames = Names("san_dns"),
        MailAddresses = Names("san_rfc822"),
        UserPrincipalNames = Names("san_upn"),
        Uris = Names("san_uri"),
    };

    // An optional claim that is empty says as little as one that is absent.
    private string? Text(string name, bool required)
    {
        if (!_claims.TryGetProperty(name, out var value))
        {
            if (required)
                Note($"claim {name} is missing");
            return null;
        }

        if (value.ValueKind == JsonValueKind.String && value.ValueEquals(""))
        {
            if (required)
                Note($"claim {name} is empty");
            return null;
        }

        return Text(name, value);
    }

    private string? Text(string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
            Note($"claim {name} is not a string");
        else if (StrictJson.Text(value) is not { } text || text.Length is 0 or > MaxText || text.Any(char.IsControl))
            Note($"claim {name} is empty, longer than {MaxText} characters or holds characters that are none");
        else
            return text;
        return null;
    }

    private DateTimeOffset? Time(string name, bool required = true)
    {
        if (!_claims.TryGetProperty(name, out var value))
        {
            if (required)
                Note($"claim {name} is missing");
        }
        else if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var seconds) || seconds is <= 0 or > MaxSeconds)
        {
            Note($"claim {name} is not a time in whole seconds since 1970");
        }
        else
        {
            return DateTimeOffset.FromUnixTimeSeconds(seconds);
        }

        return null;
    }

    // RFC 7519 §4.1.3: one text, or an array of them.
    private IReadOnlyList<string> Audiences() => _claims.TryGetProperty("aud", out var value) && value.ValueKind == JsonValueKind.Array
        ? Names("aud")
        : Text("aud", required: false) is { } only ? [only] : [];

    private IReadOnlyList<string> Names(string name)
    {
        if (!_claims.TryGetProperty(name, out var value))
            return [];
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > MaxNames)
        {
            Note($"claim {name} is not an array of at most {MaxNames} strings");
            return [];
        }

        return [.. value.EnumerateArray().Select(item => Text(name, item) ?? "")];
    }

    private void Note(string defect) => Defect ??= defect;
}
