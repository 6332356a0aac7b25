using System.Security.Cryptography;
using Certctl.Api.Rest.Access;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Tokens;
using Xunit;

namespace Certctl.Tests.Api.Rest.Access;

public sealed class OidcKeysTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(1);

    private readonly RSA _rsa = RSA.Create(2048);
    private readonly FakeTimeProvider _clock = new() { AutoAdvanceAmount = TimeSpan.Zero };
    private readonly Issuer _issuer;
    private readonly OidcKeys _keys;

    public OidcKeysTests()
    {
        _issuer = new Issuer(_rsa);
        _keys = new OidcKeys("https://issuer.example/.well-known/openid-configuration", _issuer, _clock);
    }

    public void Dispose() => _rsa.Dispose();

    [Fact]
    public async Task A_set_is_used_for_five_minutes_and_a_withdrawn_key_no_longer()
    {
        Assert.Equal(["a"], await NamesAsync());
        _issuer.Names = ["b"];
        _clock.Advance(OidcKeys.MaxAge);
        Assert.Equal(["a"], await NamesAsync());
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["b"], await NamesAsync());
        Assert.Equal(2, _issuer.Reads);
    }

    [Fact]
    public async Task An_issuer_that_cannot_be_read_leaves_the_set_for_an_hour_and_is_asked_every_thirty_seconds()
    {
        await NamesAsync();
        _issuer.IsDown = true;
        _clock.Advance(OidcKeys.MaxAge + TimeSpan.FromSeconds(1));
        for (var i = 0; i < 10; i++)
            Assert.Equal(["a"], await NamesAsync());
        Assert.Equal(2, _issuer.Reads);
        _clock.Advance(OidcKeys.RetryInterval + TimeSpan.FromSeconds(1));
        Assert.Equal(["a"], await NamesAsync());
        Assert.Equal(3, _issuer.Reads);

        _clock.Advance(OidcKeys.MaxAgeInOutage);
        await Assert.ThrowsAsync<OidcUnavailableException>(NamesAsync);
        _issuer.IsDown = false;
        await WhileTimePassesAsync(NamesAsync());
    }

    [Fact]
    public async Task Many_tokens_with_unknown_keys_share_one_read_and_the_next_one_begins_two_seconds_later()
    {
        await NamesAsync();
        _clock.Advance(OidcKeys.ReadInterval);
        _issuer.Hold();
        var first = Enumerable.Range(0, 50).Select(n => _keys.LookForAsync($"unknown-{n}", CancellationToken.None)).ToList();
        await _issuer.WaitForReadAsync(2).WaitAsync(Bound);
        _issuer.Release();
        await Task.WhenAll(first).WaitAsync(Bound);
        Assert.InRange(_issuer.Reads, 2, 3);

        _clock.Advance(TimeSpan.FromMilliseconds(100));
        var before = _issuer.Reads;
        _issuer.Names = ["a", "new"];
        var second = _keys.LookForAsync("new", CancellationToken.None);
        Assert.False(second.IsCompleted);
        await WhileTimePassesAsync(second);
        Assert.Equal(before + 1, _issuer.Reads);
        Assert.Equal(["a", "new"], await NamesAsync());
    }

    [Fact]
    public async Task A_read_that_was_under_way_when_a_token_came_is_followed_by_another()
    {
        await NamesAsync();
        _clock.Advance(OidcKeys.ReadInterval);
        _issuer.Hold();
        var strangers = _keys.LookForAsync("unknown", CancellationToken.None);
        await _issuer.WaitForReadAsync(2).WaitAsync(Bound);
        _clock.Advance(TimeSpan.FromSeconds(1));
        var device = _keys.LookForAsync("new", CancellationToken.None);
        _issuer.Release();
        await strangers.WaitAsync(Bound);
        _issuer.Names = ["a", "new"];
        await WhileTimePassesAsync(device);

        Assert.Equal(3, _issuer.Reads);
        Assert.Equal(["a", "new"], await NamesAsync());
    }

    [Fact]
    public async Task An_unknown_key_of_an_issuer_that_cannot_be_read_is_no_refusal()
    {
        await NamesAsync();
        _issuer.IsDown = true;
        _clock.Advance(OidcKeys.ReadInterval);
        await Assert.ThrowsAsync<OidcUnavailableException>(() => _keys.LookForAsync("new", CancellationToken.None)).WaitAsync(Bound);
        await _keys.LookForAsync("a", CancellationToken.None).WaitAsync(Bound);
    }

    [Fact]
    public async Task In_an_outage_tokens_with_unknown_keys_cause_no_reads_and_make_no_known_token_wait()
    {
        await NamesAsync();
        _issuer.IsDown = true;
        _clock.Advance(OidcKeys.MaxAge + TimeSpan.FromSeconds(1));
        Assert.Equal(["a"], await NamesAsync().WaitAsync(Bound));
        Assert.Equal(2, _issuer.Reads);
        for (var i = 0; i < 14; i++)
        {
            // Past the least time between two reads each time, and 28 s in all.
            _clock.Advance(OidcKeys.ReadInterval);
            await Assert.ThrowsAsync<OidcUnavailableException>(() => _keys.LookForAsync($"unknown-{i}", CancellationToken.None))
                .WaitAsync(Bound);
            _keys.RequestRefresh();
            await _keys.LookForAsync("a", CancellationToken.None).WaitAsync(Bound);
        }

        Assert.Equal(2, _issuer.Reads);

        // Then one attempt is made for all of them.
        _clock.Advance(OidcKeys.ReadInterval + OidcKeys.ReadInterval);
        for (var i = 0; i < 3; i++)
            await Assert.ThrowsAsync<OidcUnavailableException>(() => _keys.LookForAsync("unknown", CancellationToken.None))
                .WaitAsync(Bound);
        Assert.Equal(["a"], await NamesAsync().WaitAsync(Bound));
        Assert.Equal(3, _issuer.Reads);
    }

    [Fact]
    public async Task A_caller_that_gives_up_does_not_end_the_read_for_the_others()
    {
        await NamesAsync();
        _clock.Advance(OidcKeys.ReadInterval);
        _issuer.Hold();
        using var gone = new CancellationTokenSource();
        var impatient = _keys.LookForAsync("x", gone.Token);
        var patient = _keys.LookForAsync("x", CancellationToken.None);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient.WaitAsync(Bound));
        _issuer.Release();
        await patient.WaitAsync(Bound);
    }

    [Fact]
    public async Task What_was_asked_before_the_roots_were_exchanged_does_not_count()
    {
        await NamesAsync();
        _clock.Advance(OidcKeys.ReadInterval);
        _issuer.Names = ["of a stranger"];
        _issuer.Hold();
        var old = _keys.LookForAsync("x", CancellationToken.None);
        await UntilAsync(() => Task.FromResult(_issuer.Held == 1));
        var held = _issuer.LetOthersPass();
        _issuer.Names = ["b"];
        _clock.Advance(OidcKeys.ReadInterval);

        _keys.Restart();
        await UntilAsync(async () => (await NamesAsync()).SequenceEqual(["b"]));
        held.SetResult();
        await old.WaitAsync(Bound);

        Assert.Equal(["b"], await NamesAsync());
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var bound = new CancellationTokenSource(Bound);
        while (!await condition())
            await Task.Delay(5, bound.Token);
    }

    private async Task<IEnumerable<string>> NamesAsync() =>
        (await _keys.GetConfigurationAsync(CancellationToken.None)).SigningKeys.Select(key => key.KeyId);

    // The read waits on the fake clock; which moment it has reached cannot be seen from here.
    private async Task WhileTimePassesAsync(Task waiting)
    {
        using var bound = new CancellationTokenSource(Bound);
        while (!waiting.IsCompleted)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(250));
            await Task.Delay(5, bound.Token);
        }

        await waiting;
    }

    private sealed class Issuer(RSA rsa) : IDocumentRetriever
    {
        private readonly string _modulus = Base64UrlEncoder.Encode(rsa.ExportParameters(false).Modulus!);
        private volatile TaskCompletionSource? _held;
        private int _reads;
        private int _heldReads;

        public volatile string[] Names = ["a"];

        public volatile bool IsDown;

        /// <summary>How often the metadata was asked for.</summary>
        public int Reads => Volatile.Read(ref _reads);

        public void Hold() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>How many reads have been held.</summary>
        public int Held => Volatile.Read(ref _heldReads);

        /// <summary>The reads from now on are not held; the result lets go of those that are.</summary>
        public TaskCompletionSource LetOthersPass()
        {
            var held = _held!;
            _held = null;
            return held;
        }

        public void Release()
        {
            var held = _held;
            _held = null;
            held!.SetResult();
        }

        public async Task WaitForReadAsync(int number)
        {
            while (Reads < number)
                await Task.Delay(5);
        }

        public async Task<string> GetDocumentAsync(string address, CancellationToken cancel)
        {
            var isMetadata = address.EndsWith("openid-configuration", StringComparison.Ordinal);
            if (isMetadata)
                Interlocked.Increment(ref _reads);
            if (IsDown)
                throw new IOException("The issuer is down.");
            if (isMetadata)
                return """{"issuer":"https://issuer.example","jwks_uri":"https://issuer.example/keys"}""";
            var keys = string.Join(
                ',', Names.Select(name => $$"""{"kty":"RSA","use":"sig","kid":"{{name}}","n":"{{_modulus}}","e":"AQAB"}"""));
            if (_held is { } held)
            {
                Interlocked.Increment(ref _heldReads);
                await held.Task;
            }

            return $$"""{"keys":[{{keys}}]}""";
        }
    }
}
