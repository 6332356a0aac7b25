using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.Keys;

/// <summary>Who may read a key file: PostgreSQL's rule for its own.</summary>
public sealed class KeyFileModeTests : IDisposable
{
    private const uint Root = 0;
    private const uint Us = 1654;
    private const uint Stranger = 1000;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("600", Us, Us, null)]
    [InlineData("400", Us, Us, null)]
    [InlineData("640", Us, Us, "its group")]
    [InlineData("440", Us, Us, "its group")]
    [InlineData("604", Us, Us, "others")]
    [InlineData("640", Root, Us, null)]
    [InlineData("440", Root, Us, null)]
    [InlineData("400", Root, Us, null)]
    [InlineData("660", Root, Us, "its group")]
    [InlineData("650", Root, Us, "its group")]
    [InlineData("644", Root, Us, "others")]
    [InlineData("641", Root, Us, "others")]
    [InlineData("600", Root, Root, null)]
    [InlineData("640", Root, Root, "its group")]
    [InlineData("640", Stranger, Us, "its group")]
    [InlineData("600", Stranger, Us, null)]
    public void Root_may_hand_a_file_to_our_group_and_any_other_owner_keeps_it_for_himself(
        string mode, uint owner, uint user, string? openTo) =>
        Assert.Equal(openTo, new KeyFileMode((UnixFileMode)Convert.ToInt32(mode, 8), owner, user, Us).OpenTo);

    [Theory]
    [InlineData(Us, Us, "run: chmod 600 '/k'")]
    [InlineData(Root, Root, "run: chmod 600 '/k'")]
    [InlineData(
        Root, Us, "run as root: chgrp 1654 '/k' && chmod 640 '/k' (Kubernetes: defaultMode 0440 with fsGroup; systemd: LoadCredential=)")]
    [InlineData(Stranger, Us, "run as root: chown 1654 '/k' && chmod 600 '/k'")]
    public void The_remedy_is_one_that_its_reader_can_carry_out(uint owner, uint user, string remedy) =>
        Assert.Equal(remedy, new KeyFileMode((UnixFileMode)0x1FF, owner, user, Us).Remedy("/k"));

    [Fact]
    public void Owner_and_mode_are_those_of_the_file()
    {
        File.WriteAllText(_folder["key"], "x");
        File.SetUnixFileMode(_folder["key"], UnixFileMode.UserRead | UnixFileMode.GroupRead);
        var shown = ExternalTool.Run("stat", "-c", "%u %a", _folder["key"]).MustSucceed().Output.Trim();

        using var handle = File.OpenHandle(_folder["key"]);
        var mode = KeyFileMode.Of(handle);

        Assert.Equal(shown, $"{mode.Owner} {mode.Octal.TrimStart('0')}");
        Assert.Equal(ExternalTool.Run("id", "-u").MustSucceed().Output.Trim(), $"{mode.User}");
    }
}
