using System.Text.Json;

namespace FitCluster.Models.Simulation;

/// <summary>Draws data of known truth row by row; rows in any order, on any thread, and again.</summary>
public interface ISimulator
{
    /// <summary>The rows.</summary>
    long Rows { get; }

    /// <summary>The columns.</summary>
    int Columns { get; }

    /// <summary>The true factors of a row.</summary>
    int Factors { get; }

    /// <summary>Whether values are counts, of which zeros need not be stored; default no.</summary>
    bool AreCounts => false;

    /// <summary>Whether some values are missing (NaN); default no.</summary>
    bool HasMissing => false;

    /// <summary>The truth's file of the rows' factors, without its ending.</summary>
    string RowTruth { get; }

    /// <summary>The options of <c>fit</c> that suit the data, each with a space before it.</summary>
    string FitOptions => "";

    /// <summary>The same where they name files of the folder that data and truth are in; default <see cref="FitOptions"/>.</summary>
    string FitOptionsIn(string folder) => FitOptions;

    /// <summary>What is in the data, in words; default "3 factors".</summary>
    string Inside => FormattableString.Invariant($"{Factors} factors");

    /// <summary>Draws a row: its true factors, and its values, which come in as zeros.</summary>
    void Draw(long row, Span<double> factors, Span<double> values);

    /// <summary>Writes the truth that does not come with the rows; default none.</summary>
    void WriteTruth(string folder)
    {
    }

    /// <summary>Writes what was asked for as fields of truth.json.</summary>
    void WriteOptions(Utf8JsonWriter writer, string format);
}
