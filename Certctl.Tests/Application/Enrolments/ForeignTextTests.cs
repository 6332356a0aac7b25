using Certctl.Application.Enrolments.Trail;
using Xunit;

namespace Certctl.Tests.Application.Enrolments;

public sealed class ForeignTextTests
{
    [Theory]
    [InlineData("disk not encrypted", "disk not encrypted")]
    [InlineData("  two\r\nlines\t ", "twolines")]
    [InlineData("\u001b[31mred", "[31mred")]
    [InlineData("left\u202eright\u200b\u2028end\u0085", "leftrightend")]
    [InlineData("half \ud83d a pair", "half  a pair")]
    [InlineData("Gerät 😀", "Gerät 😀")]
    public void What_would_move_a_cursor_or_write_a_line_is_left_out(string text, string clean) =>
        Assert.Equal(clean, ForeignText.Clean(text));

    [Theory]
    [InlineData("host-1.example", "host-1.example")]
    [InlineData("Jörg", "Jörg")]
    [InlineData("Jo\u0308rg", "Jo\\u{0308}rg")]
    [InlineData("\u212A", "\\u{212A}")]
    [InlineData(" a\tb ", " a\\u{0009}b ")]
    [InlineData("😀", "\\u{1F600}")]
    public void Texts_that_differ_look_different_when_escaped(string text, string escaped) =>
        Assert.Equal(escaped, ForeignText.Escape(text));

    [Fact]
    public void Half_of_a_character_is_escaped_too() => Assert.Equal("half \\u{FFFD}", ForeignText.Escape("half \ud83d"));

    [Fact]
    public void An_escaped_text_that_is_too_long_says_how_long_it_is() =>
        Assert.Equal(new string('x', 256) + "… (300 characters)", ForeignText.Escape(new string('x', 300)));

    [Fact]
    public void No_more_than_its_beginning_is_kept_and_no_half_of_a_character()
    {
        Assert.Equal(256, ForeignText.Clean(new string('x', 10_000)).Length);
        Assert.Equal(new string('x', 255), ForeignText.Clean(new string('x', 255) + "😀"));
    }
}
