/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_words - the validator's codes in plain words.
 * Promise:  no word depends on a value of the message.
 * Spec:     W3C XML Schema 1, validation rules (cvc-*) */
#include <libxml/xmlerror.h>

#include "channel/channel_int.h"

static const struct {
	int code;
	const char *words;
} rows[] = {
	{XML_SCHEMAV_CVC_ELT_1, "it is not declared in the schema"},
	{XML_SCHEMAV_CVC_ELT_2, "it is abstract and cannot stand in a message"},
	{XML_SCHEMAV_CVC_ELT_3_1, "it may not be nil"},
	{XML_SCHEMAV_CVC_ELT_3_2_1, "it says that it is nil, but is not empty"},
	{XML_SCHEMAV_CVC_ELT_4_1, "its xsi:type is not a name"},
	{XML_SCHEMAV_CVC_ELT_4_2, "its xsi:type is not a type of the schema"},
	{XML_SCHEMAV_CVC_ELT_4_3, "its xsi:type is not allowed here"},
	{XML_SCHEMAV_CVC_ELT_5_2_2_1, "it holds an element, but its value is fixed"},
	{XML_SCHEMAV_CVC_ELT_5_2_2_2_1, "its value is not the fixed one"},
	{XML_SCHEMAV_CVC_ELT_5_2_2_2_2, "its value is not the fixed one"},
	{XML_SCHEMAV_CVC_TYPE_2, "its type is abstract"},
	{XML_SCHEMAV_CVC_TYPE_3_1_1, "it may not have attributes"},
	{XML_SCHEMAV_CVC_TYPE_3_1_2, "it holds an element where text is expected"},
	{XML_SCHEMAV_ELEMENT_CONTENT, "it is not expected here, or an element is missing in it"},
	{XML_SCHEMAV_CVC_COMPLEX_TYPE_2_1, "it must be empty"},
	{XML_SCHEMAV_CVC_COMPLEX_TYPE_2_2, "it holds an element where text is expected"},
	{XML_SCHEMAV_CVC_COMPLEX_TYPE_2_3, "it holds text where elements are expected"},
	{XML_SCHEMAV_CVC_COMPLEX_TYPE_2_4, "it is not expected here, or an element is missing in it"},
	{XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_1, "it is not allowed here"},
	{XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_2, "it is not allowed here"},
	{XML_SCHEMAV_CVC_COMPLEX_TYPE_4, "a required attribute is missing"},
	{XML_SCHEMAV_CVC_AU, "its value is not the fixed one"},
	{XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_1, "its text is no value of its type"},
	{XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_2, "its text is no list of values of its type"},
	{XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_3, "its text is no value of any type allowed"},
	{XML_SCHEMAV_CVC_FACET_VALID, "its value is outside what the schema allows"},
	{XML_SCHEMAV_CVC_LENGTH_VALID, "its text does not have the required length"},
	{XML_SCHEMAV_CVC_MINLENGTH_VALID, "its text is too short"},
	{XML_SCHEMAV_CVC_MAXLENGTH_VALID, "its text is too long"},
	{XML_SCHEMAV_CVC_MININCLUSIVE_VALID, "its value is too small"},
	{XML_SCHEMAV_CVC_MINEXCLUSIVE_VALID, "its value is too small"},
	{XML_SCHEMAV_CVC_MAXINCLUSIVE_VALID, "its value is too great"},
	{XML_SCHEMAV_CVC_MAXEXCLUSIVE_VALID, "its value is too great"},
	{XML_SCHEMAV_CVC_TOTALDIGITS_VALID, "its value has too many digits"},
	{XML_SCHEMAV_CVC_FRACTIONDIGITS_VALID, "its value has too many digits after the point"},
	{XML_SCHEMAV_CVC_PATTERN_VALID, "its text does not match the pattern"},
	{XML_SCHEMAV_CVC_ENUMERATION_VALID, "its value is not one of the list"},
	{XML_SCHEMAV_CVC_IDC, "a value that must be unique or known is not"},
};

const char *channel_schema_words(int code)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].code == code)
			return rows[i].words;
	return "it does not match the schema";
}
