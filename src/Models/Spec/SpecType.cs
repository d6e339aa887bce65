using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace FitCluster.Models.Spec;

/// <summary>Reads the value of a field that was given; false, with the problem noted, when it is not right.</summary>
public delegate bool FieldReader<T>(FieldReading reading, [MaybeNullWhen(false)] out T value);

/// <summary>Writes a value as the canonical form has it (which is hashed), or for people, with paths.</summary>
public delegate void FieldWriter<in T>(Utf8JsonWriter writer, string name, T value, bool forPeople);

/// <summary>How the values of a field are read and written, and what they are in words.</summary>
/// <param name="Words">What a value must be, for help and documents: "a whole number from 1 to 1024", "poisson, gaussian".</param>
/// <param name="ValueName">What stands for a value in help, as in --factors K.</param>
/// <param name="Read">Reads a value.</param>
/// <param name="Write">Writes a value.</param>
public sealed record SpecType<T>(string Words, string ValueName, FieldReader<T> Read, FieldWriter<T> Write);
